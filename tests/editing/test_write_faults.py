"""The writer under faults: every system call that can fail fails, and interrupts come at each."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import threading
from pathlib import Path

import pytest

from fi_bump.editing import journal as replay
from fi_bump.editing import write
from fi_bump.errors import FileError
from fi_bump.state import pending
from tests.conftest import plant
from tests.editing.trees import again, commit_steps, contents, recover
from tests.editing.write_faults import NAMES, NEW, OLD, changes, counted


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


@pytest.mark.parametrize("is_held", [False, True])
def test_a_file_system_without_locks(tmp_path: Path, is_held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, OLD)
    lock = tmp_path / ".fi-bump/lock"
    if is_held:
        plant(tmp_path, {".fi-bump/lock": b""})

    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", flock)
        with pytest.raises(FileError) as caught:
            write.commit(str(tmp_path), changes())
    assert str(caught.value) == ".fi-bump: cannot be written: no locks available"
    assert contents(tmp_path) == OLD
    # The lock of another process stays.
    assert lock.exists() == lock.parent.exists() == is_held


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
