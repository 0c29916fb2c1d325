"""Tests of the file that lists the checkouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.fleet.conftest import column, document, text
from tests.conftest import OLD, Run, plant

REPOS = b"# ours\n\n  engine: ../src/engine   # what we serve\nplugin\n./plugin/\nkernels # on it\r\n"


def test_a_repos_file(fleet: Path, run: Run) -> None:
    plant(fleet, {"repos.txt": b"\xef\xbb\xbf" + REPOS})
    found = document(run, fleet.parent, "--repos", str(fleet / "repos.txt"))
    assert column(found, "path") == {"engine": "../src/engine", "plugin": "plugin", "kernels": "kernels"}
    assert found["engine"] == "engine"
    # An engine on the command line overrides the file's.
    assert document(run, fleet, "ahead", "--repos", "repos.txt", "--engine", "ahead")["engine"] == "ahead"


def test_an_engine_in_the_home_folder(fleet: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(fleet))
    plant(fleet / "lists", {"repos.txt": b"engine: ~/engine\n~/plugin\n"})
    found = document(run, fleet, "--repos", "lists/repos.txt")
    assert (found["engine"], column(found, "path")) == ("engine", {"engine": "~/engine", "plugin": "~/plugin"})


def test_an_engine_without_a_lock_is_said(fleet: Path, run: Run) -> None:
    plant(fleet, {"repos.txt": b"engine: docs\nkernels\nnone\n"})
    assert text(run(fleet, "fleet", "--repos", "repos.txt")) == (
        "repository  group      locked       state           newest in the fleet  engine\n"
        "docs        -          -            no lock\n"
        f"kernels     attention  {OLD}  in step\n"
        "kernels     kit        1.0          in step\n"
        "none        -          -            cannot be read\n"
        f"none: {fleet}/none: there is no such folder\n"
        "3 repositories: 1 without a lock, 1 cannot be read, none could be compared with docs\n"
    )


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"# nothing\n", 2, "REPOS: this file lists no checkout\nhelp: write one path per line\n"),
        (b"a\nengine:\n", 2, "REPOS:2: 'engine:' has no path\nhelp: mark exactly one line: engine: PATH\n"),
        (
            b"engine: a\nengine: b\n",
            2,
            "REPOS:2: 'engine:' marks a second engine\nhelp: mark exactly one line: engine: PATH\n",
        ),
        (b"caf\xe9\n", 3, "REPOS: is not UTF-8 at byte 3\n"),
    ],
)
def test_a_repos_file_that_is_wrong(fleet: Path, run: Run, data: bytes, code: int, message: str) -> None:
    file = fleet / "repos.txt"
    file.write_bytes(data)
    assert run(fleet, "fleet", "--repos", str(file)) == (code, "", message.replace("REPOS", str(file)))


def test_a_path_with_a_nul(fleet: Path, run: Run) -> None:
    plant(fleet, {"repos.txt": b"engine\nplu\0gin\n"})
    result = run(fleet, "fleet", "--repos", "repos.txt")
    assert result.code == 2
    assert result.err.endswith("repos.txt:2: no path has a NUL in it\nhelp: write one path per line, without a NUL\n")
