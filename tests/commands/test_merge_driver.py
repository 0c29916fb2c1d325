"""Tests of `fi-bump merge-driver`, started by the real git as the template says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.commands.test_resolve import MIDDLE, bump, engine, git
from tests.conftest import NEW, OLD, Run, plant

__all__ = ["engine"]


@pytest.fixture
def driven(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine with `.gitattributes` and the configuration of the template, and without the user's PATH."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    assert run(engine, "template", "git-merge", "--write").code == 0
    lines = [line[2:].strip() for line in (engine / ".gitattributes").read_text().split("\n") if "git config" in line]
    assert [line.split()[2] for line in lines] == ["merge.fi-bump.name", "merge.fi-bump.driver"]
    git(engine, "config", "merge.fi-bump.driver", lines[1].partition(" driver ")[2] or lines[1].split('"')[1])
    git(engine, "add", "-A")
    git(engine, "commit", "--quiet", "-m", "attributes")
    return engine


def record(root: Path, run: Run, branch: str, path: str) -> None:
    """Record a new pin on a new branch from main."""
    git(root, "checkout", "--quiet", "-b", branch, "main")
    plant(root, {path: f"flashinfer-python=={OLD}\n".encode()})
    assert run(root, "check", "--fix").code == 0
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", branch)


@pytest.mark.slow
def test_sites_of_both_branches_do_not_conflict(driven: Path, run: Run) -> None:
    """Neighbouring lines: git alone cannot merge them."""
    record(driven, run, "a", "x/requirements.txt")
    record(driven, run, "b", "y/requirements.txt")
    git(driven, "merge", "--quiet", "--no-edit", "a")
    sites = json.loads((driven / "versions.lock.json").read_text())["groups"]["flashinfer"]["sites"]
    assert {"x/requirements.txt#flashinfer-python", "y/requirements.txt#flashinfer-python"} < set(sites)
    assert run(driven, "check") == (0, f"flashinfer {OLD}: 7 pins in 6 files, in step\n", "")


def test_without_the_driver_they_conflict(engine: Path, run: Run) -> None:
    record(engine, run, "a", "x/requirements.txt")
    record(engine, run, "b", "y/requirements.txt")
    git(engine, "merge", "--quiet", "--no-edit", "a", fails=True)


@pytest.mark.slow
def test_two_versions_conflict_in_one_line(driven: Path, run: Run) -> None:
    bump(driven, run, "a", MIDDLE)
    bump(driven, run, "b", NEW)
    said = git(driven, "merge", "a", fails=True)
    assert "versions.lock.json: both sides changed flashinfer; run fi-bump resolve\n" in said
    lines = (driven / "versions.lock.json").read_text().split("\n")
    assert lines[4:9] == [
        "<<<<<<< ours",
        f'      "version": "{NEW}",',
        "=======",
        f'      "version": "{MIDDLE}",',
        ">>>>>>> theirs",
    ]
    assert run(driven, "resolve", "--newest").code == 0
    assert run(driven, "check").code == 0


@pytest.mark.slow
def test_the_newest(driven: Path, run: Run) -> None:
    git(driven, "config", "merge.fi-bump.driver", "fi-bump merge-driver --newest %O %A %B")
    bump(driven, run, "a", NEW)
    bump(driven, run, "b", MIDDLE)
    git(driven, "merge", "a", fails=True)
    assert json.loads((driven / "versions.lock.json").read_text())["groups"]["flashinfer"]["version"] == NEW
    # The other files still conflict; the lock decides them.
    assert run(driven, "resolve").code == 0
    assert run(driven, "check") == (0, f"flashinfer {NEW}: 5 pins in 4 files, in step\n", "")


def test_a_broken_side(engine: Path, run: Run) -> None:
    plant(engine, {"o": b"", "a": (engine / "versions.lock.json").read_bytes(), "b": b"{"})
    assert run(engine, "merge-driver", "o", "a", "b") == (
        3,
        "",
        "versions.lock.json: on the side 'theirs' the lock is invalid\nhelp: merge it by hand\n",
    )
    assert (engine / "a").read_bytes() == (engine / "versions.lock.json").read_bytes()
