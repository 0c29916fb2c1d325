"""Tests of revisions by name, and of the files in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError, UsageError
from fi_bump.git import refs

DATE = "2026-01-02T03:04:05+00:00"


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"]
    environment = {**os.environ, "GIT_COMMITTER_DATE": DATE, "GIT_AUTHOR_DATE": DATE}
    done = subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, env=environment)
    return done.stdout.decode().strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "origin"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "sub").mkdir()
    (root / "sub/a\nb.txt").write_text("odd\n")
    (root / "empty").write_text("")
    (root / "link").symlink_to("empty")
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "one")
    for branch in ("release/1", "release/2", "feature"):
        git(root, "branch", branch)
    git(root, "tag", "-a", "-m", "v1", "v1")
    return root


def names(root: Path, *patterns: str) -> list[str]:
    return [ref.name for ref in refs.matching(str(root), patterns)]


def test_branches_tags_and_other_revisions(root: Path) -> None:
    head = git(root, "rev-parse", "HEAD")
    assert names(root, "main", "release/*", "main") == ["main", "release/1", "release/2"]
    assert refs.matching(str(root), ["v*", "HEAD~0"]) == [refs.Ref("v1", head, DATE), refs.Ref("HEAD~0", head, DATE)]


def test_a_clone_has_remote_branches_only(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(root), "clone")
    assert names(tmp_path / "clone", "main", "release/*", "origin/feature", "feature") == [
        "main",
        "origin/release/1",
        "origin/release/2",
        "origin/feature",
    ]


@pytest.mark.parametrize("pattern", ["none", "none/*", "-x", "--help"])
def test_an_unknown_one(root: Path, pattern: str) -> None:
    with pytest.raises(UsageError):
        refs.matching(str(root), [pattern])


def test_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(FiBumpError, match="git cannot list the branches"):
        refs.matching(str(tmp_path), ["main"])


def test_files_and_their_bytes(root: Path) -> None:
    commit = git(root, "rev-parse", "HEAD")
    files = refs.tree(str(root), commit)
    assert [file.path for file in files] == ["empty", "sub/a\nb.txt"]
    assert list(refs.blobs(str(root), [file.blob for file in files])) == [
        (files[0].blob, b""),
        (files[1].blob, b"odd\n"),
    ]
    assert [file.path for file in refs.tree(str(root / "sub"), commit)] == ["a\nb.txt"]
    with pytest.raises(FiBumpError, match="git does not have the object 0000"):
        list(refs.blobs(str(root), [files[0].blob, "0" * 40]))
