"""Tests of the rule `merge-conflict`: a file with conflict markers fails a check, and no command changes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot

HEAD, TAIL = b"<<<<<<< HEAD\n", b">>>>>>> other\n"
ABOUT = "this file has a merge conflict, so nothing in it is compared [merge-conflict]\n"
HELP = "help: run fi-bump resolve, which decides the lock and the pins of a merge together\n"


def conflicted(data: bytes, line: bytes, old: str = OLD, new: str = "0.6.9") -> bytes:
    """Return a text in which one line is in conflict between two versions."""
    assert data.count(line) == 1
    other = line.replace(old.encode(), new.encode())
    return data.replace(line, HEAD + line + b"=======\n" + other + TAIL)


LINE = b"flashinfer-cubin==0.6.8.post1\n"
BROKEN = conflicted(TREE["requirements/cuda.txt"], LINE)


def test_a_file_with_a_pin(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/cuda.txt": BROKEN})
    said = f"requirements/cuda.txt:6:1: {ABOUT}flashinfer {OLD}: 3 pins in 3 files, in step\n{HELP}"
    assert run(engine, "check") == (1, said, "")
    before = snapshot(engine)
    assert run(engine, "check", "--fix") == (1, said, "")
    assert run(engine, "set", NEW) == (1, f"requirements/cuda.txt:6:1: {ABOUT}nothing was changed\n{HELP}", "")
    assert run(engine, "set", NEW, "--dry-run").code == 1
    assert run(engine, "init", "--force") == (
        3,
        "",
        "requirements/cuda.txt:6:1: this file has a merge conflict, so nothing was recorded\n"
        "help: resolve it, then run fi-bump init again\n",
    )
    assert run(engine, "site", "add", "requirements/cuda.txt:5", "--group", "flashinfer").code == 2
    assert snapshot(engine) == before
    document = json.loads(run(engine, "check", "--format", "json").out)["result"]
    (finding,) = document["findings"]
    assert (finding["rule"], finding["path"], finding["line"], finding["fixable"]) == (
        "merge-conflict",
        "requirements/cuda.txt",
        6,
        False,
    )
    status = run(engine, "status").out
    assert status.count("merge conflict") == 2


def test_other_pins_are_fixed_and_this_file_is_left(engine: Path, run: Run) -> None:
    drifted = TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")
    plant(engine, {"requirements/cuda.txt": BROKEN, "docker/Dockerfile": drifted})
    done = run(engine, "check", "--fix")
    assert (done.code, done.out.split("\n")[0]) == (
        1,
        f"fixed docker/Dockerfile:3:24: FLASHINFER_VERSION 0.6.6 -> {OLD}",
    )
    assert (engine / "requirements/cuda.txt").read_bytes() == BROKEN
    assert (engine / "docker/Dockerfile").read_bytes() == TREE["docker/Dockerfile"]


@pytest.mark.parametrize(
    ("path", "data", "line"),
    [
        # A file that no finder can parse as it is.
        ("docker/versions.json", TREE["docker/versions.json"], b'      "default": "0.6.8.post1"\n'),
        ("docker/Dockerfile", TREE["docker/Dockerfile"], b"ARG FLASHINFER_VERSION=0.6.8.post1\n"),
        # A file that the lock does not record.
        ("new/requirements.txt", b"flashinfer-python==0.6.8.post1\n", b"flashinfer-python==0.6.8.post1\n"),
        (
            "pyproject.toml",
            b'[project]\ndependencies = [\n"flashinfer-python==0.6.8.post1",\n]\n',
            b'"flashinfer-python==0.6.8.post1",\n',
        ),
    ],
)
def test_files_of_other_formats(engine: Path, run: Run, path: str, data: bytes, line: bytes) -> None:
    plant(engine, {path: conflicted(data, line)})
    done = run(engine, "check")
    number = data[: data.index(line)].count(b"\n") + 1
    assert (done.code, done.out.split("\n")[0] + "\n") == (1, f"{path}:{number}:1: {ABOUT}")


@pytest.mark.parametrize(
    "text",
    [
        b"numba==1\n=======\nnumba==2\n",
        HEAD + b"numba==1\n=======\nnumba==2\n" + TAIL,
        # A floor is no pin.
        HEAD + b"flashinfer-python\n=======\nflashinfer-python>=0.6\n" + TAIL,
    ],
)
def test_files_without_a_pin(engine: Path, run: Run, text: bytes) -> None:
    plant(engine, {"other/requirements.txt": text})
    assert "merge-conflict" not in run(engine, "check").out


def test_a_marker_that_is_left_over(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/cuda.txt": TREE["requirements/cuda.txt"] + TAIL})
    assert run(engine, "check").out.startswith(f"requirements/cuda.txt:7:1: {ABOUT}")


def test_the_lock(engine: Path, run: Run) -> None:
    line = f'      "version": "{OLD}",\n'.encode()
    plant(engine, {"versions.lock.json": conflicted(LOCK, line), "requirements/cuda.txt": BROKEN})
    said = f"requirements/cuda.txt:6:1: {ABOUT}versions.lock.json:5:1: {ABOUT}{HELP}"
    before = snapshot(engine)
    for arguments in (["check"], ["check", "--fix"], ["check", "--diff"]):
        assert run(engine, *arguments) == (1, said, "")
    error = (3, "", f"versions.lock.json:5:1: the lock has a merge conflict\n{HELP}")
    for arguments in (["set", NEW], ["status"], ["site", "remove", "x#y"], ["init", "--force"]):
        assert run(engine, *arguments) == error
    document = json.loads(run(engine, "check", "--format", "json").out)["result"]
    assert [(each["rule"], each["path"]) for each in document["findings"]] == [
        ("merge-conflict", "requirements/cuda.txt"),
        ("merge-conflict", "versions.lock.json"),
    ]
    assert not document["ok"]
    assert run(engine, "check", "--format", "github").code == 1
    assert snapshot(engine) == before


def test_a_lock_of_which_no_side_is_valid(engine: Path, run: Run) -> None:
    plant(engine, {"versions.lock.json": HEAD + b"{\n=======\n}\n" + TAIL})
    assert run(engine, "check") == (3, "", f"versions.lock.json:1:1: the lock has a merge conflict\n{HELP}")
