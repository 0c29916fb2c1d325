"""Tests of the one door to git: a repository's configuration starts no program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.git import door


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[Path, Path]:
    """A repository whose configuration names a program for all that git can be told to start, and what it writes."""
    root, mark = tmp_path / "tree", tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\necho ran >> {mark}\n")
    script.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    (root / "a.txt").write_text("a\n")
    for command in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    settings = {
        "core.fsmonitor": str(script),
        "core.hooksPath": str(tmp_path / "hooks"),
        "core.pager": str(script),
        "core.sshCommand": str(script),
        "diff.external": str(script),
        "remote.origin.url": f"ext::{script}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
        "extensions.partialClone": "origin",
    }
    for name, value in settings.items():
        subprocess.run(["git", "config", name, value], cwd=root, check=True)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks/post-index-change").symlink_to(script)
    return root, mark


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--porcelain"),
        ("ls-files", "-u", "-z"),
        ("diff", "--name-only", "--diff-filter=U"),
        ("add", "--", "a.txt"),
        # An object that is not here: a partial clone would ask the remote for it.
        ("cat-file", "blob", "0" * 39 + "1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_program_of_the_configuration_runs(hostile: tuple[Path, Path], arguments: tuple[str, ...]) -> None:
    root, mark = hostile
    (root / "a.txt").write_text("b\n")
    door.run(str(root), *arguments)
    assert not mark.exists()


def test_without_the_door_the_programs_run(hostile: tuple[Path, Path]) -> None:
    root, mark = hostile
    subprocess.run(["git", "status", "--porcelain"], cwd=root, check=False, capture_output=True)
    assert mark.exists()


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FiBumpError, match="git is not on PATH"):
        door.run(str(tmp_path), "status")
