"""The records for `undo` under faults: a record belongs to a change that was made, whatever fails or kills the writer."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from fi_bump.editing import history, recovery, write
from fi_bump.editing.taking_back import taken_back
from fi_bump.errors import FileError
from fi_bump.state import pending, state_folder
from tests.conftest import plant
from tests.editing.trees import recover, wait_for_kills
from tests.editing.write_faults import NAMES, NEW, OLD, changes, counted, kill_at


def contents(root: Path) -> dict[str, bytes]:
    """Return the tree, with any temporary file that was left."""
    files = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def git_tree(root: Path) -> Path:
    plant(root, OLD)
    (root / ".git").mkdir()
    return root


def fits(root: Path) -> None:
    """Assert that the records are those of the changes that were made: the last one gives the old tree back."""
    now = contents(root)
    found = [history.load(path) for path in history.records(state_folder(str(root)))]
    assert now in (OLD, NEW)
    if now == OLD:
        # A change that was undone after it was decided may leave a record: everything in it is taken back already.
        assert all(
            taken_back(each, OLD[each.path]) == OLD[each.path] for record in found for each in record.files or ()
        )
        return
    (record,) = found
    assert {each.path: taken_back(each, NEW[each.path]) for each in record.files or ()} == OLD


def commit_calls(tmp_path: Path) -> list[str]:
    root = git_tree(tmp_path / "count")
    with counted(lambda number, name: None) as names:
        write.commit(str(root), changes(), "set")
    fits(root)
    return list(names)


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_every_failing_call_leaves_a_record_that_fits(tmp_path: Path, code: int) -> None:
    for step in range(1, len(commit_calls(tmp_path)) + 1):
        root = git_tree(tmp_path / str(step))

        def fail(number: int, name: str, step: int = step) -> None:
            if number == step:
                raise OSError(code, os.strerror(code))

        try:
            with counted(fail):
                write.commit(str(root), changes(), "set")
        except FileError as error:
            assert error.hint == "nothing was changed; fix the cause and run again"
            assert contents(root) == OLD, step
        else:
            assert contents(root) == NEW, step
        recover(root)
        left = sorted(path.name for path in Path(state_folder(str(root))).glob("*"))
        assert left == (["undo-000000001.json"] if contents(root) == NEW else []), step
        fits(root)


@pytest.mark.slow
def test_a_kill_at_every_call_leaves_a_record_that_fits(tmp_path: Path) -> None:
    roots = [git_tree(tmp_path / str(step)) for step in range(1, len(commit_calls(tmp_path)) + 1)]
    wait_for_kills([kill_at(root, step, "commit") for step, root in enumerate(roots, 1)])
    for root in roots:
        recover(root)
        names = {path.name for path in Path(state_folder(str(root))).glob("*")}
        assert names <= {"undo-000000001.json"}
        fits(root)
        assert not pending(str(root))


@pytest.mark.slow
def test_a_removed_file_under_faults(tmp_path: Path) -> None:
    removal = [write.FileChange(name, NEW[name], OLD[name]) for name in NAMES[:2]]
    removal += [write.FileChange(name, NEW[name], None) for name in NAMES[2:]]
    after = {name: OLD[name] for name in NAMES[:2]}

    def tree(name: str) -> Path:
        root = tmp_path / name
        plant(root, NEW)
        (root / NAMES[3]).chmod(0o640)
        return root

    with counted(lambda number, name: None) as names:
        write.commit(str(tree("count")), removal, None)
    assert contents(tmp_path / "count") == after
    for step in range(1, len(names) + 1):
        root = tree(str(step))

        def fail(number: int, name: str, step: int = step) -> None:
            if number == step:
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        try:
            with counted(fail):
                write.commit(str(root), removal, None)
        except FileError:
            assert contents(root) == NEW, step
            assert (root / NAMES[3]).stat().st_mode & 0o777 == 0o640
        else:
            recover(root)
            assert contents(root) == after, step
        recover(root)
        assert not (root / ".fi-bump").exists()


def test_a_removal_that_was_killed_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, NEW)
    removal = [write.FileChange(name, NEW[name], None) for name in NAMES]
    with monkeypatch.context() as patch:
        patch.setattr(write, "_carry_out", lambda *_: None)
        write.commit(str(tmp_path), removal, None)
    assert recover(tmp_path) == recovery.Recovery("finished", NAMES)
    assert contents(tmp_path) == {}


def test_a_removal_is_undone_even_without_the_file_that_was_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, NEW)
    mixed = [write.FileChange("a.txt", NEW["a.txt"], None), write.FileChange("sub/b.txt", NEW["sub/b.txt"], b"x")]
    with monkeypatch.context() as patch:
        patch.setattr(write, "_carry_out", lambda *_: None)
        write.commit(str(tmp_path), mixed, None)
    (tmp_path / "a.txt").unlink()
    next((tmp_path / "sub").glob(".b.txt.*")).unlink()
    assert recover(tmp_path) == recovery.Recovery("undone", ("a.txt", "sub/b.txt"))
    assert contents(tmp_path) == NEW


def test_a_staged_record_of_a_finished_change_is_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = git_tree(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(history, "adopt", lambda state, finished=False: None)
        write.commit(str(root), changes(), "set")
    state = Path(state_folder(str(root)))
    assert [path.name for path in state.iterdir()] == ["undo.json.new"]
    fits(root)
    assert [path.name for path in state.iterdir()] == ["undo-000000001.json"]


def test_the_next_command_that_writes_adopts_a_staged_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = git_tree(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(history, "adopt", lambda state, finished=False: None)
        write.commit(str(root), changes(), "set")
    assert recover(root) is None
    assert [path.name for path in Path(state_folder(str(root))).iterdir()] == ["undo-000000001.json"]


def test_nothing_in_a_tree_without_git_is_taken_for_a_record(tmp_path: Path) -> None:
    plant(tmp_path / "fi-bump", {"a": b"old", ".fi-bump/undo-000000001.json": b"{}", ".fi-bump/undo.json.new": b"{}"})
    root = tmp_path / "fi-bump"
    assert history.records(state_folder(str(root))) == []
    write.commit(str(root), [write.FileChange("a", b"old", b"new")], "set")
    assert sorted(os.listdir(root / ".fi-bump")) == ["undo-000000001.json", "undo.json.new"]
