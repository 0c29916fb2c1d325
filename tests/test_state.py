"""The folder of the state: in git's own folder, and in no other folder that a stranger's tree names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.editing import write
from fi_bump.editing.write import FileChange
from fi_bump.errors import FileError
from fi_bump.state import state_folder
from tests.conftest import plant

OLD, NEW = b"kit==1.0\n", b"kit==1.1\n"


def git(*arguments: str | Path) -> None:
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.invalid", "-c", "protocol.file.allow=always"]
    subprocess.run([*command, *map(str, arguments)], check=True, capture_output=True)


def test_the_folders_that_git_makes(tmp_path: Path) -> None:
    main, worktree, separate, outer = (tmp_path / name for name in ("main", "worktree", "separate", "outer"))
    git("init", "-q", main)
    git("-C", main, "commit", "-q", "--allow-empty", "-m", "x")
    git("-C", main, "worktree", "add", "-q", worktree)
    git("init", "-q", "--separate-git-dir", tmp_path / "git", separate)
    git("init", "-q", outer)
    git("-C", outer, "submodule", "--quiet", "add", main, "sub")
    assert state_folder(str(main)) == f"{main}/.git/fi-bump/root"
    assert state_folder(str(worktree)) == f"{main}/.git/worktrees/worktree/fi-bump/root"
    assert state_folder(str(separate)) == f"{tmp_path}/git/fi-bump/in-..%2Fseparate"
    assert state_folder(str(outer / "sub")) == f"{outer}/.git/modules/sub/fi-bump/in-..%2F..%2F..%2Fsub"
    git("-C", main, "worktree", "move", worktree, tmp_path / "moved")
    assert state_folder(str(tmp_path / "moved")) == f"{main}/.git/worktrees/worktree/fi-bump/root"


def a_file(root: Path, outside: Path) -> None:
    (root / ".git").write_text(f"gitdir: {outside}\n")


def a_file_with_a_nul(root: Path, outside: Path) -> None:
    (root / ".git").write_text(f"gitdir: {outside}\0\n")


def a_file_that_names_a_folder_of_the_tree(root: Path, outside: Path) -> None:
    (root / "sub").mkdir()
    (root / ".git").write_text("gitdir: sub\n")


def a_link(root: Path, outside: Path) -> None:
    (root / ".git").symlink_to(outside)


def a_link_to_a_file(root: Path, outside: Path) -> None:
    (outside / "x").write_text(f"gitdir: {outside}\n")
    (root / ".git").symlink_to(outside / "x")


@pytest.mark.parametrize(
    "mark", [a_file, a_file_with_a_nul, a_file_that_names_a_folder_of_the_tree, a_link, a_link_to_a_file]
)
def test_a_tree_that_names_a_folder_that_is_not_of_git(mark: Callable[[Path, Path], None], tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    plant(root, {"a": OLD})
    plant(outside, {"kept": b""})
    mark(root, outside)
    before = sorted(tmp_path.rglob("*"))
    write.commit(str(root), [FileChange("a", OLD, NEW)])
    assert (root / "a").read_bytes() == NEW
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("how", ["file", "link"])
def test_a_tree_that_names_the_folder_of_another_repository(how: str, tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    plant(root, {"a": OLD})
    plant(other, {"a": OLD})
    git("init", "-q", other)
    (root / ".git").symlink_to(other / ".git") if how == "link" else a_file(root, other / ".git")
    # The state of the other repository is not that of this tree.
    assert state_folder(str(other)) == f"{other}/.git/fi-bump/root"
    assert state_folder(str(root)) == f"{other}/.git/fi-bump/in-..%2F..%2Froot"


@pytest.mark.parametrize("name", ["fi-bump", "fi-bump/root"])
def test_a_link_in_the_folder_of_git(name: str, tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    plant(root, {"a": OLD, ".git/fi-bump/x": b""} if "/" in name else {"a": OLD, ".git/x": b""})
    outside.mkdir()
    (root / ".git" / name).symlink_to(outside)
    with pytest.raises(FileError) as caught:
        write.commit(str(root), [FileChange("a", OLD, NEW)])
    assert (str(caught.value), caught.value.hint) == (
        f".git/{name}: is a link, but fi-bump keeps its journal there",
        "remove this link",
    )
    assert (list(outside.iterdir()), (root / "a").read_bytes()) == ([], OLD)
