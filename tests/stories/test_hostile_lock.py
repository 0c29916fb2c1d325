"""A lock and a tree from a stranger: fi-bump writes nothing outside the tree's own files, and shows nothing of others."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import LOCK, NEW, OLD, Run, plant, snapshot

SECRET = b"password = hunter2\nsecret pin = 0.6.7 here\ntoken = hunter3\n"
READING = [
    ("check",),
    ("check", "--diff"),
    ("check", "--format", "json"),
    ("check", "--format", "markdown"),
    ("check", "--mentions"),
    ("check", "--fix"),
    ("status",),
    ("set", "--dry-run", NEW),
    ("set", NEW),
]


def record(root: Path, *sites: str) -> None:
    """Add sites to the lock."""
    lock = json.loads(LOCK)
    lock["groups"]["flashinfer"]["sites"] += sites
    (root / "versions.lock.json").write_text(json.dumps(lock))


def everything(root: Path) -> dict[str, bytes]:
    """Return the bytes of every file, those of .git included."""
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def result_of(out: str) -> object:
    """Return the result in a document of JSON; None for no output at all."""
    return json.loads(out)["result"] if out else None


@pytest.mark.slow
@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    "site",
    [
        ".git/config#literal:repositoryformatversion = {version}",
        "./.git/config#literal:repositoryformatversion = {version}",
        "docker/../.git/config#literal:repositoryformatversion = {version}",
        ".GIT/config#literal:repositoryformatversion = {version}",
    ],
)
def test_a_lock_cannot_name_a_file_of_git(engine: Path, run: Run, command: tuple[str, ...], site: str) -> None:
    subprocess.run(["git", "init", "-q", str(engine)], check=True)
    record(engine, site)
    before = everything(engine)
    result = run(engine, *command)
    assert (result.code, result_of(result.out)) == (3, None)
    assert result.err.startswith("versions.lock.json: in 'groups.flashinfer.sites[5]': ")
    assert everything(engine) == before
    assert subprocess.run(["git", "-C", str(engine), "status"], capture_output=True).returncode == 0


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("how", ["link", "folder", "chain", "requirements"])
def test_no_file_outside_is_shown_or_changed(engine: Path, run: Run, command: tuple[str, ...], how: str) -> None:
    outside = engine.parent / "outside"
    plant(outside, {"secret.txt": SECRET, "requirements.txt": b"# hunter2\nflashinfer-python==0.6.7\n# hunter3\n"})
    (engine / "a.txt").symlink_to(outside / "secret.txt")
    (engine / "b").symlink_to(outside)
    (engine / "c.txt").symlink_to("a.txt")
    (engine / "requirements" / "d.txt").symlink_to("../../outside/requirements.txt")
    path = {"link": "a.txt", "folder": "b/secret.txt", "chain": "c.txt", "requirements": "requirements/d.txt"}[how]
    anchor = "flashinfer-python" if how == "requirements" else "literal:secret pin = {version} here"
    record(engine, f"{path}#{anchor}")
    before = everything(engine), everything(outside)
    result = run(engine, *command)
    why = "is behind a link to a folder" if how == "folder" else "is a link to a file"
    error = f"{path}: {why} outside the repository\nhelp: forget its site: fi-bump site remove '{path}#{anchor}'\n"
    assert (result.code, result_of(result.out), result.err) == (3, None, error)
    assert "hunter" not in result.out
    assert (everything(engine), everything(outside)) == before


def test_the_help_for_such_a_site_works(engine: Path, run: Run) -> None:
    (engine.parent / "secret.txt").write_bytes(SECRET)
    (engine / "a.txt").symlink_to("../secret.txt")
    site = "a.txt#literal:secret pin = {version} here"
    record(engine, site)
    assert run(engine, "check").code == 3
    assert run(engine, "site", "remove", site).code == 0
    assert run(engine, "check") == (0, "flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n", "")


def test_a_link_out_of_the_repository_that_no_site_names_is_a_note(engine: Path, run: Run) -> None:
    outside = engine.parent / "outside.txt"
    (engine / "requirements" / "link.txt").symlink_to(outside)
    line = (
        "requirements/link.txt:1:1: note: this link leads out of the repository, so fi-bump does not read it "
        "[link-outside]\n"
    )
    expected = (0, f"{line}flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n", "")
    assert run(engine, "check") == expected
    # The answer does not depend on what is outside.
    outside.write_bytes(b"flashinfer-python==0.1\n")
    assert run(engine, "check") == expected
    assert run(engine, "check", "requirements/link.txt", "requirements/cuda.txt").out.startswith(line)
    assert run(engine, "set", NEW).code == 0
    assert outside.read_bytes() == b"flashinfer-python==0.1\n"


@pytest.mark.parametrize("mark", [".git", "pyvenv.cfg", "versions.lock.json"])
def test_a_site_in_a_folder_that_is_not_part_of_the_repository(engine: Path, run: Run, mark: str) -> None:
    what = {
        ".git": "another checkout",
        "pyvenv.cfg": "a virtual environment",
        "versions.lock.json": "a folder with its own versions.lock.json",
    }[mark]
    plant(engine, {"other/x.txt": b"kit 0.6.7\n", f"other/{mark}": b""})
    record(engine, "other/x.txt#literal:kit {version}")
    before = snapshot(engine)
    error = (
        f"other/x.txt: is in {what} (other), which is not part of this repository\n"
        "help: forget its site: fi-bump site remove 'other/x.txt#literal:kit {version}'\n"
    )
    for command in (("check",), ("check", "--fix"), ("set", NEW)):
        assert run(engine, *command) == (3, "", error)
    assert snapshot(engine) == before


@pytest.mark.parametrize(
    "how", [("--bare", "hidden"), ("--separate-git-dir", "{}/hidden", "work"), ("--bare", "a/b/hidden")]
)
def test_a_site_in_a_folder_of_git_under_any_name(engine: Path, run: Run, how: tuple[str, ...]) -> None:
    subprocess.run(["git", "init", "-q", *(each.format(engine) for each in how)], cwd=engine, check=True)
    folder = "a/b/hidden" if "a/b/hidden" in how else "hidden"
    site = f"{folder}/config#literal:repositoryformatversion = {{version}}"
    record(engine, site)
    before = everything(engine)
    error = (
        f"{folder}/config: is in a folder of git ({folder}), which is not part of this repository\n"
        f"help: forget its site: fi-bump site remove '{site}'\n"
    )
    for command in (("check",), ("check", "--fix"), ("set", NEW)):
        assert run(engine, *command) == (3, "", error)
    assert everything(engine) == before


def test_site_add_refuses_what_a_lock_cannot_name(engine: Path, run: Run) -> None:
    subprocess.run(["git", "init", "-q", str(engine)], check=True)
    (engine.parent / "secret.txt").write_bytes(SECRET)
    (engine / "a.txt").symlink_to("../secret.txt")
    before = everything(engine)
    place = ".git/config#literal:repositoryformatversion = {version}"
    error = ".git/config: is in .git, where fi-bump reads and changes no file\n"
    assert run(engine, "site", "add", place) == (3, "", error)
    error = "a.txt: is a link to a file outside the repository\nhelp: put the file itself here\n"
    assert run(engine, "site", "add", "a.txt:2", "--group", "flashinfer") == (3, "", error)
    assert everything(engine) == before


def test_an_honest_lock_works(engine: Path, run: Run) -> None:
    # The same sites in files of the repository, so that the tests above fail for no other reason.
    plant(engine, {"a.txt": SECRET.replace(b"0.6.7", OLD.encode())})
    record(engine, "a.txt#literal:secret pin = {version} here")
    assert run(engine, "check").code == 0
    assert run(engine, "set", NEW).code == 0
    assert (engine / "a.txt").read_bytes() == SECRET.replace(b"0.6.7", NEW.encode())
