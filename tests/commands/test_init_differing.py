"""Tests of `init` on trees with several versions, and on trees where nothing can be moved."""

from __future__ import annotations

import io
import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, plant

OLD_FILE, NEW_FILE = "old/requirements.txt", "new/requirements.txt"
TIE = {OLD_FILE: b"flashinfer-python==0.6.8\n", NEW_FILE: b"flashinfer-python==0.7.1\n"}
HELP = [
    "help: to keep the versions apart, run fi-bump init --split",
    "help: to lock one version and move the other pins, run fi-bump init --version 0.7.1",
    "help: to leave out the files with other versions, run fi-bump init --exclude old/requirements.txt",
]


def lock(root: Path) -> dict[str, str]:
    """Return the groups of the lock with their versions."""
    groups = json.loads((root / "versions.lock.json").read_bytes())["groups"]
    return {name: group["version"] for name, group in groups.items()}


def test_a_tie_writes_nothing_and_shows_what_decides(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, TIE)
    result = run(tmp_path, "init")
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines()[3:] == [
        "the pins of flashinfer disagree, and no version has more than half of them: 0.7.1 (1 of 2), 0.6.8 (1 of 2)",
        "--split would make these groups:",
        "  flashinfer 0.7.1: new/requirements.txt",
        "  flashinfer-old 0.6.8: old/requirements.txt",
        "no lock was written",
        *HELP,
    ]
    assert not (tmp_path / "versions.lock.json").exists()


@pytest.mark.parametrize(
    ("number", "groups", "code"),
    [
        (0, {"flashinfer": "0.7.1", "flashinfer-old": "0.6.8"}, 0),
        (1, {"flashinfer": "0.7.1"}, 1),
        (2, {"flashinfer": "0.7.1"}, 0),
    ],
)
def test_each_of_the_commands_decides(tmp_path: Path, run: Run, number: int, groups: dict[str, str], code: int) -> None:
    plant(tmp_path, TIE)
    assert run(tmp_path, *shlex.split(HELP[number].partition("run fi-bump ")[2])).code == 0
    assert lock(tmp_path) == groups
    assert run(tmp_path, "check").code == code
    assert run(tmp_path, "check", "--fix").code == 0


def test_the_commands_keep_the_options_that_were_given(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {**TIE, "a b/requirements.txt": b"kit==1\n", "c/requirements.txt": b"kit==2\n"})
    out = run(tmp_path, "init", "--group", "kit", "--package", "kit", "--exclude", "d e/**", "--min-age", "3").out
    given = "fi-bump init --group kit --package kit --exclude 'd e/**' --min-age 3"
    assert out.splitlines()[-3:] == [
        f"help: to keep the versions apart, run {given} --split",
        f"help: to lock one version and move the other pins, run {given} --version 2",
        f"help: to leave out the files with other versions, run {given} --exclude 'a b/requirements.txt'",
    ]


def test_a_majority_is_locked_and_the_ways_are_named(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {**TIE, "third/requirements.txt": b"flashinfer-python==0.7.1\n"})
    result = run(tmp_path, "init")
    assert result.code == 0
    assert result.out.splitlines()[4:-1] == [
        "wrote versions.lock.json: flashinfer 0.7.1, 3 sites in 3 files",
        "the pins disagree; the lock uses 0.7.1, the version of most of them (2 of 3 pins)",
        "--split would make these groups:",
        "  flashinfer 0.7.1: new/requirements.txt, third/requirements.txt",
        "  flashinfer-old 0.6.8: old/requirements.txt",
        "help: run fi-bump check --fix to move 1 pin to 0.7.1",
        "help: to keep the versions apart, run fi-bump init --force --split",
        "help: to lock another version, run fi-bump init --force --version 0.6.8",
        "help: to leave out the files with other versions, run fi-bump init --force --exclude old/requirements.txt",
    ]


def test_half_is_not_most(tmp_path: Path, run: Run) -> None:
    plant(
        tmp_path,
        {
            **TIE,
            "a/requirements.txt": b"flashinfer-python==0.7.1\n",
            "b/requirements.txt": b"flashinfer-cubin==0.6.9\n",
        },
    )
    assert run(tmp_path, "init").code == 1
    assert not (tmp_path / "versions.lock.json").exists()


def test_one_group_without_a_majority_stops_all(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {**TIE, "requirements.txt": b"nixl==1.5.0\n"})
    result = run(tmp_path, "init", "--group", "nixl", "--group", "flashinfer")
    assert (result.code, "wrote" in result.out) == (1, False)
    assert not (tmp_path / "versions.lock.json").exists()


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that there is a terminal."""
    monkeypatch.setattr("fi_bump.commands.init.refuse_without_terminal", lambda hint: None)


@pytest.mark.parametrize(
    ("answer", "groups"),
    [
        ("1", {"flashinfer": "0.7.1", "flashinfer-old": "0.6.8"}),
        ("2", {"flashinfer": "0.7.1"}),
        ("3", {"flashinfer": "0.6.8"}),
        ("", None),
        ("4", None),
        ("x", None),
    ],
)
@pytest.mark.usefixtures("answering")
def test_init_asks(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, groups: dict[str, str] | None
) -> None:
    plant(tmp_path, TIE)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{answer}\n"))
    result = run(tmp_path, "init", "-i")
    assert "1  keep the versions apart, as flashinfer, flashinfer-old\n" in result.out
    assert "3  lock 0.6.8; fi-bump check --fix then moves 1 pin\n" in result.out
    assert result.code == (1 if groups is None else 0)
    assert (lock(tmp_path) if groups else (tmp_path / "versions.lock.json").exists()) == (groups or False)


def test_init_does_not_ask_without_a_terminal(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, TIE)
    result = run(tmp_path, "init", "-i")
    assert (result.code, result.out) == (2, "")
    assert "there is no terminal" in result.err


UV_LOCK = b'version = 1\n[[package]]\nname = "flashinfer-python"\nversion = "0.6.8"\nsource = { registry = "https://x.invalid/simple" }\n'


def test_a_tree_with_a_lock_file_alone_gets_a_lock(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {"uv.lock": UV_LOCK})
    result = run(tmp_path, "init")
    assert (result.code, result.out.splitlines()[:2]) == (
        0,
        [
            "wrote versions.lock.json: flashinfer 0.6.8, no site",
            "fi-bump can move no version of flashinfer here; another tool writes uv.lock:4",
        ],
    )
    assert run(tmp_path, "check") == (0, "flashinfer 0.6.8: no pin, 1 place compared, in step\n", "")
    assert "flashinfer 0.6.8 -> 0.7.0: only the lock" in run(tmp_path, "set", "0.7.0").out
    assert run(tmp_path, "check").code == 1
    plant(tmp_path, {"uv.lock": UV_LOCK.replace(b'"0.6.8"', b'"0.7.0"')})
    assert run(tmp_path, "check").code == 0


UNREAD_TIE = {"engine/req.txt": b"flashinfer-python==0.6.8\n", "serve/req.txt": b"flashinfer-python==0.7.0\n"}


def test_places_that_cannot_be_moved_and_tie(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, UNREAD_TIE)
    assert run(tmp_path, "init") == (
        1,
        "the places of flashinfer disagree, and no version has more than half of them: 0.7.0 (1 of 2), 0.6.8 (1 of 2)\n"
        "  engine/req.txt:1:20: 0.6.8\n"
        "  serve/req.txt:1:20: 0.7.0\n"
        "help: to lock one version, run fi-bump init --version 0.7.0\n"
        "help: to leave out the files with other versions, run fi-bump init --exclude engine/req.txt\n"
        "no lock was written\n",
        "",
    )
    assert not (tmp_path / "versions.lock.json").exists()
    for way in (("--version", "0.7.0"), ("--exclude", "engine/req.txt")):
        assert run(tmp_path, "init", "--force", *way).code == 0
        assert lock(tmp_path) == {"flashinfer": "0.7.0"}


def test_most_places_that_cannot_be_moved_agree(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {**UNREAD_TIE, "lib/req.txt": b"flashinfer-python==0.7.0\n"})
    result = run(tmp_path, "init")
    assert (result.code, lock(tmp_path)) == (0, {"flashinfer": "0.7.0"})
    assert result.out.splitlines()[:4] == [
        "the places of flashinfer disagree; the lock uses 0.7.0, the version of most: 0.7.0 (2 of 3), 0.6.8 (1 of 3)",
        "  engine/req.txt:1:20: 0.6.8",
        "help: to lock another version, run fi-bump init --force --version 0.6.8",
        "help: to leave out the files with other versions, run fi-bump init --force --exclude engine/req.txt",
    ]
    assert run(tmp_path, "init", "--force", "--version", "0.6.8").code == 0
    assert lock(tmp_path) == {"flashinfer": "0.6.8"}


def test_a_lock_file_with_two_versions_ties(tmp_path: Path, run: Run) -> None:
    second = UV_LOCK.partition(b"\n")[2].replace(b'"0.6.8"', b'"0.7.0"')
    plant(tmp_path, {"uv.lock": UV_LOCK + second})
    result = run(tmp_path, "init")
    assert result.code == 1
    # Both are in one file, so that no file can be left out.
    assert result.out.splitlines()[-2] == "help: to lock one version, run fi-bump init --version 0.7.0"
    plant(tmp_path, {"uv.lock": UV_LOCK + second.replace(b'"0.7.0"', b'"0.6.8.0"')})
    assert run(tmp_path, "init").code == 0


def test_a_place_that_only_a_person_recognises(tmp_path: Path, run: Run) -> None:
    """init, site add and check lead somewhere: no command sends to one that sends back."""
    plant(tmp_path, {"VERSIONS.md": b"flashinfer = 0.6.8 exactly\n"})
    refused = run(tmp_path, "init")
    assert (refused.code, "with --version VERSION the lock is written" in refused.err) == (3, True)
    assert run(tmp_path, "init", "--version", "0.6.8").code == 0
    empty = run(tmp_path, "check")
    assert (empty.code, "record a place with fi-bump site add" in empty.err) == (3, True)
    assert run(tmp_path, "site", "add", "VERSIONS.md:1", "--group", "flashinfer").code == 0
    assert run(tmp_path, "check").code == 0
    assert run(tmp_path, "set", "0.7.0").code == 0
    assert (tmp_path / "VERSIONS.md").read_bytes() == b"flashinfer = 0.7.0 exactly\n"


def test_a_check_at_run_time_gives_its_version_to_the_lock(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {"engine.py": b'assert_pkg_version("flashinfer_python", "0.6.8", "install it")\n'})
    assert run(tmp_path, "init").code == 0
    assert lock(tmp_path) == {"flashinfer": "0.6.8"}
    assert run(tmp_path, "site", "add", "engine.py:1", "--group", "flashinfer").code == 0
    assert run(tmp_path, "check").out == "flashinfer 0.6.8: 1 pin in 1 file, in step\n"
