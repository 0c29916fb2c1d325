"""Names that no lock can hold, and a lock that is no file: whole messages, and nothing changed on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import NEW, Run, plant, snapshot


@pytest.mark.slow
@pytest.mark.parametrize("command", [("check",), ("set", NEW), ("status",), ("init", "--force")])
def test_a_lock_that_is_no_file(engine: Path, run: Run, command: tuple[str, ...]) -> None:
    path = engine / "versions.lock.json"
    path.unlink()
    path.mkdir()
    help_ = "help: fix it or restore it from git\n"
    assert run(engine, *command) == (3, "", f"versions.lock.json: is not a regular file\n{help_}")
    path.rmdir()
    path.symlink_to("nowhere")
    error = f"versions.lock.json: cannot be read: no such file or directory\n{help_}"
    assert run(engine, *command) == (3, "", error)
    assert path.is_symlink()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--package", "Foo Bar"), "'foo bar' is not a canonical package name"),
        (("--package", ""), "'' is not a canonical package name"),
        (("--package", "kit", "--variable", "a-b"), '"A-B" is not an upper-case variable name'),
        (("--package", "kit", "--exclude", ""), '"" is not a path pattern'),
        (
            ("--package", "kit", "--repository", "kit"),
            '"kit" is not a repository: host/owner/name in lower case, without scheme and .git',
        ),
    ],
)
def test_init_with_what_no_lock_can_hold(engine: Path, run: Run, options: tuple[str, ...], message: str) -> None:
    before = snapshot(engine)
    assert run(engine, "init", "--force", "--group", "x", *options) == (2, "", f"fi-bump: {message}\n")
    assert snapshot(engine) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "data", "place"),
    [
        ("requirements/a#b.txt", b"flashinfer-python==0.6.8.post1\n", "requirements/a#b.txt:1:20"),
        ("requirements/a\nb.txt", b"flashinfer-python==0.6.8.post1\n", "requirements/a\\nb.txt:1:20"),
        ("x.json", b'{"target": {"a\\nb": {"args": {"FLASHINFER_VERSION": "0.6.8.post1"}}}}', "x.json:1:54"),
    ],
)
def test_a_place_that_the_lock_has_no_name_for(engine: Path, run: Run, path: str, data: bytes, place: str) -> None:
    plant(engine, {path: data})
    before = snapshot(engine)
    assert run(engine, "check").code == 1
    error = (
        f"{place}: the lock cannot record a path with '#', or a path or key with a control character\n"
        "help: rename it, or exclude the file in versions.lock.json\n"
    )
    for command in (("check", "--fix"), ("set", NEW), ("init", "--force")):
        assert run(engine, *command) == (3, "", error)
    assert snapshot(engine) == before
    assert run(engine, "check").code == 1
