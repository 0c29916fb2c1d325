"""The writer under faults: every system call that can fail fails, interrupts come at each, and processes are killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.editing import journal as replay
from fi_bump.editing import write
from fi_bump.errors import FileError
from fi_bump.state import pending, state_folder
from tests.conftest import plant
from tests.editing.write_faults import NAMES, NEW, OLD, changes, counted, kill_at


def wait_for_kills(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        _, error = child.communicate(timeout=30)
        assert child.returncode == -signal.SIGKILL, error.decode()


def contents(root: Path) -> dict[str, bytes]:
    """Return the tree without fi-bump's state folder, but with any temporary file that was left."""
    files = [path for path in root.rglob("*") if path.is_file() and ".fi-bump" not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def recover(root: Path) -> write.Recovery | None:
    with write.exclusive(str(root)):
        return write.recover(str(root))


def again(root: Path) -> None:
    """Assert that the next run works, whatever happened before, and that it leaves only the files."""
    recover(root)
    now = contents(root)
    write.commit(str(root), [write.FileChange(name, now[name], NEW[name] + b"again\n") for name in NAMES])
    assert contents(root) == {name: NEW[name] + b"again\n" for name in NAMES}
    assert not (root / ".fi-bump").exists()


def steps(folder: Path, action: Callable[[Path], object]) -> list[str]:
    """Return the names of the calls that an action makes on a tree, which it changes to the new one."""
    root = folder / "count"
    with counted(lambda number, name: None) as done:
        action(root)
    assert contents(root) == NEW
    return done


def commit_steps(folder: Path) -> list[str]:
    plant(folder / "count", OLD)
    return steps(folder, lambda root: write.commit(str(root), changes()))


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_every_failing_call_leaves_everything_as_it_was(tmp_path: Path, code: int) -> None:
    names = commit_steps(tmp_path)
    harmless = []
    for step in range(1, len(names) + 1):
        root = tmp_path / str(step)
        plant(root, OLD)

        def fail(number: int, name: str, step: int = step) -> None:
            if number == step:
                raise OSError(code, os.strerror(code))

        try:
            with counted(fail):
                write.commit(str(root), changes())
        except FileError as error:
            assert error.message == f"cannot be written: {os.strerror(code).lower()}"
            assert error.hint == "nothing was changed; fix the cause and run again"
            assert contents(root) == OLD, step
        else:
            assert contents(root) == NEW, step
            harmless.append(step)
        again(root)
    # Harmless failures: removing a temporary file that the rename already moved, and cleaning up once all is on disk.
    decided = len(names) - names[::-1].index("replace")
    assert [names[step - 1] for step in harmless] == ["unlink"] * 4 + ["unlink", "open", "fsync", "unlink", "rmdir"]
    assert min(harmless) > decided


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_calls_that_keep_failing_leave_a_tree_that_can_be_recovered(tmp_path: Path, code: int) -> None:
    for step in range(1, len(commit_steps(tmp_path)) + 1):
        root = tmp_path / str(step)
        plant(root, OLD)

        def fail(number: int, name: str, step: int = step) -> None:
            if number >= step and name != "unlink":
                raise OSError(code, os.strerror(code))

        try:
            with counted(fail):
                write.commit(str(root), changes())
        except FileError as error:
            kept = error.hint == "the journal is kept; fix the cause, then run fi-bump check --fix"
            assert kept or contents(root) == OLD, step
            assert kept == pending(str(root)), step
        recover(root)
        assert contents(root) in (OLD, NEW), step
        again(root)


@pytest.mark.slow
def test_every_failing_read_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One read of the record, then three of each target: at the check, at the check after staging, before its rename.
    real = replay.read
    total = 1 + 3 * len(NAMES)
    for step in range(1, total + 2):
        root = tmp_path / str(step)
        plant(root, OLD)
        done: list[str] = []

        def read(path: str, step: int = step, done: list[str] = done) -> bytes | None:
            done.append(path)
            if len(done) == step:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(path)

        with monkeypatch.context() as patch:
            patch.setattr(replay, "read", read)
            if step > total:
                write.commit(str(root), changes())
                assert len(done) == total
            else:
                with pytest.raises(FileError, match=r"cannot be (read|written): input/output error"):
                    write.commit(str(root), changes())
                assert contents(root) == OLD, step
        again(root)


@pytest.mark.slow
def test_an_interrupt_leaves_all_old_or_all_new(tmp_path: Path) -> None:
    names = commit_steps(tmp_path)
    first_rename = [step for step, name in enumerate(names, 1) if name == "replace"][1]
    for step in range(1, len(names) + 1):
        root = tmp_path / str(step)
        plant(root, OLD)

        def interrupt(number: int, name: str, step: int = step) -> None:
            if number == step:
                raise KeyboardInterrupt

        with counted(interrupt), pytest.raises(KeyboardInterrupt):
            write.commit(str(root), changes())
        assert contents(root) == (NEW if step >= first_rename else OLD), step
        assert not pending(str(root))
        again(root)


def test_a_real_interrupt_between_renames_waits_for_the_last(tmp_path: Path) -> None:
    plant(tmp_path, OLD)
    renamed: list[str] = []

    def interrupt(number: int, name: str) -> None:
        if name == "replace":
            renamed.append(name)
            # Sent to this thread: fi-bump has one thread when it writes, but the test runner may have more.
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    with counted(interrupt), pytest.raises(KeyboardInterrupt):
        write.commit(str(tmp_path), changes())
    assert len(renamed) == 1 + len(NAMES)
    assert contents(tmp_path) == NEW
    again(tmp_path)


@pytest.mark.slow
def test_a_kill_at_every_call_is_recovered(tmp_path: Path) -> None:
    total = len(commit_steps(tmp_path))
    roots = [tmp_path / str(step) for step in range(1, total + 1)]
    for root in roots:
        plant(root, OLD)
        (root / "a.txt").chmod(0o755)
    wait_for_kills([kill_at(root, step, "commit") for step, root in enumerate(roots, 1)])
    outcomes = set()
    for root in roots:
        left = pending(str(root))
        recovery = recover(root)
        assert left == (recovery is not None), root
        outcomes.add(recovery and recovery.outcome)
        assert contents(root) in (OLD, NEW), root
        assert recovery is None or (recovery.outcome == "finished") == (contents(root) == NEW), root
        assert (root / "a.txt").stat().st_mode & 0o777 == 0o755
        assert not pending(str(root))
        again(root)
    assert outcomes == {None, "undone", "finished"}


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["finished", "undone"])
def test_a_kill_at_every_call_of_a_recovery_is_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    def prepare(root: Path) -> None:
        half_done(root, monkeypatch)
        if outcome == "undone":
            next((root / "sub").glob(".b.txt.*")).unlink()

    prepare(tmp_path / "count")
    with counted(lambda number, name: None) as names:
        recover(tmp_path / "count")
    roots = [tmp_path / str(step) for step in range(1, len(names) + 1)]
    for root in roots:
        prepare(root)
    wait_for_kills([kill_at(root, step, "recover") for step, root in enumerate(roots, 1)])
    for root in roots:
        recover(root)
        assert contents(root) == (NEW if outcome == "finished" else OLD), root
        again(root)


def half_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a tree as a kill after the first rename leaves it."""
    plant(root, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(write, "_carry_out", lambda *_: None)
        write.commit(str(root), changes())
    temporary = next(root.glob(".a.txt.fi-bump-*"))
    temporary.replace(root / "a.txt")


def test_without_its_temporary_files_a_change_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    next((tmp_path / "sub").glob(".b.txt.*")).unlink()
    with write.exclusive(str(tmp_path)):
        assert write.recover(str(tmp_path)) == write.Recovery("undone", NAMES)
    assert contents(tmp_path) == OLD


def test_a_foreign_change_keeps_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    (tmp_path / "sub/c.txt").write_bytes(b"mine\n")
    with write.exclusive(str(tmp_path)), pytest.raises(FileError) as caught:
        write.recover(str(tmp_path))
    assert str(caught.value) == "sub/c.txt: changed after fi-bump was interrupted; the journal is kept"
    journal = os.path.join(state_folder(str(tmp_path)), "journal.json")
    assert caught.value.hint == f"restore it, or remove {journal} to keep the files as they are"
    assert pending(str(tmp_path))


def test_a_failed_rename_that_cannot_be_undone_keeps_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, OLD)

    def fail(number: int, name: str) -> None:
        if name == "replace" and (tmp_path / "a.txt").read_bytes() == NEW["a.txt"]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with counted(fail), pytest.raises(FileError) as caught:
        write.commit(str(tmp_path), changes())
    assert caught.value.hint == "the journal is kept; fix the cause, then run fi-bump check --fix"
    assert pending(str(tmp_path))
    with write.exclusive(str(tmp_path)):
        assert write.recover(str(tmp_path)) is not None
    assert contents(tmp_path) in (OLD, NEW)


def test_a_broken_journal_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    journal = os.path.join(state_folder(str(tmp_path)), "journal.json")
    Path(journal).write_bytes(b"{")
    with write.exclusive(str(tmp_path)), pytest.raises(FileError) as caught:
        write.recover(str(tmp_path))
    assert str(caught.value) == f"{journal}: the journal cannot be read"
