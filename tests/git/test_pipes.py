"""A pipe or a device that git opens by itself does not make fi-bump wait: it is refused, and named."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fi_bump.boundary import programs
from fi_bump.boundary.programs import Done
from fi_bump.errors import FiBumpError
from fi_bump.git import commits, conflict, door, pipes

NAMES = (".gitattributes", ".gitignore", ".gitmodules", ".mailmap")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "sub/deep").mkdir(parents=True)
    (root / "other").mkdir()
    (root / "sub/deep/a.txt").write_text("a\n")
    who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
    for command in (["init", "--quiet"], ["add", "-A"], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    (root / "sub/deep/a.txt").write_text("b\n")
    return root


READERS: list[Callable[[str], object]] = [
    commits.refuse_commit,
    lambda root: commits.refuse_paths(root, ["deep/a.txt"]),
    lambda root: commits.revision(root, "HEAD"),
    lambda root: conflict.unstageable(root, ["deep/a.txt"]),
    lambda root: conflict.clean(root, ["deep/a.txt"]),
    lambda root: conflict.stage(root, ["deep/a.txt"]),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", range(len(READERS)))
def test_a_pipe_above_the_files_is_refused_before_git_runs(tree: Path, name: str, number: int) -> None:
    os.mkfifo(tree / name)
    with pytest.raises(door.AwaitedFileError) as caught:
        READERS[number](str(tree / "sub"))
    assert str(caught.value) == f"{tree / name}: is a pipe or a device, and git would wait for it"
    assert caught.value.hint == f"look at it with ls -l '{tree / name}', and remove it if you do not need it"


@pytest.mark.parametrize("folder", ["", "sub", "sub/deep"])
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "link to a device"])
def test_every_folder_from_the_top_to_the_file_counts(tree: Path, folder: str, kind: str) -> None:
    target = tree / "other/pipe"
    os.mkfifo(target)
    path = tree / folder / ".gitattributes"
    if kind == "pipe":
        target.rename(path)
    else:
        path.symlink_to(target if kind == "link to a pipe" else "/dev/zero")
    assert pipes.beside(str(tree / "sub"), ["deep/a.txt"]) == str(path)


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("/dev/null")])
def test_what_has_an_end_is_not_refused(tree: Path, make: Callable[[Path], object]) -> None:
    make(tree / ".gitattributes")
    (tree / "sub/.gitignore").symlink_to("nothing")
    os.mkfifo(tree / "sub/pipe")
    assert pipes.beside(str(tree / "sub"), ["deep/a.txt"]) is None
    assert conflict.unmerged(str(tree)) == {}


def test_outside_a_work_tree(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitattributes")
    assert (pipes.beside(str(tmp_path), ["a"]), pipes.anywhere(str(tmp_path), hooks=False)) == (None, None)


@pytest.mark.parametrize("path", ["info/attributes", "config", "HEAD", "packed-refs"])
def test_a_pipe_among_the_files_of_git_is_found_while_git_waits(
    tree: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_LOOK", 0.2)
    (tree / ".git" / path).unlink(missing_ok=True)
    (tree / ".git/info").mkdir(exist_ok=True)
    os.mkfifo(tree / ".git" / path)
    command = ("check-attr", "filter", "--", "sub/deep/a.txt") if path == "info/attributes" else ("for-each-ref",)
    with pytest.raises(door.AwaitedFileError) as caught:
        door.run(str(tree), *command)
    assert caught.value.place == str(tree / ".git" / path)


def test_a_pipe_in_any_folder_is_found_while_git_waits(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_LOOK", 0.2)
    os.mkfifo(tree / "other/.gitignore")
    with pytest.raises(door.AwaitedFileError):
        door.run(str(tree), "status")


@pytest.mark.parametrize("name", ["other/.gitignore", ".git/COMMIT_EDITMSG"])
def test_a_commit_that_waits_says_what_became_of_it(tree: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = programs.run

    def look_soon(command: list[str], **options: Any) -> Done:
        # The other calls of git may take longer than this on a busy machine.
        monkeypatch.setattr(programs, "_LOOK", 0.2 if "commit" in command else 30)
        return run(command, **options)

    monkeypatch.setattr(programs, "run", look_soon)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "t")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "t@example.invalid")
    hook = tree / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexec sleep 30\n")
    hook.chmod(0o755)
    path = tree / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(FiBumpError) as caught:
        commits.commit(str(tree), ["sub/deep/a.txt"], "message", 60)
    assert str(caught.value) == f"git made no commit: it would wait for {path}, which is a pipe or a device"
    assert str(caught.value.hint).startswith("the files are changed: ")


def test_a_pipe_that_a_hook_made_is_its_own(tree: Path) -> None:
    path = tree / ".git/pipe of a hook"
    os.mkfifo(path)
    assert pipes.anywhere(str(tree), hooks=True) is None
    assert pipes.anywhere(str(tree), hooks=False) == str(path)
