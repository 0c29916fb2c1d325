"""The writer under faults: every system call that can fail does, interrupts come at each, and processes are killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fi_bump import write
from fi_bump.errors import FileError
from fi_bump.journal import pending, state_folder
from tests.conftest import plant

NAMES = ("a.txt", "sub/b.txt", "sub/c.txt", "versions.lock.json")
OLD = {name: f"old {name}\n".encode() for name in NAMES}
NEW = {name: f"new {name}\n".encode() for name in NAMES}
CALLS = ("open", "write", "fsync", "replace", "fchmod")

CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from tests.test_write_faults import NAMES, NEW, OLD, counted
from fi_bump import write

def kill(number, name):
    if number == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

with counted(kill):
    write.commit(sys.argv[1], [write.Change(name, OLD[name], NEW[name]) for name in NAMES])
"""


@contextmanager
def counted(before: Callable[[int, str], None]) -> Iterator[list[str]]:
    """Call `before(number, name)` ahead of each system call that `CALLS` lists; yields the names called so far."""
    real = {name: getattr(os, name) for name in CALLS}
    done: list[str] = []

    def wrap(name: str) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            done.append(name)
            before(len(done), name)
            return real[name](*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, wrap(name))
    try:
        yield done
    finally:
        for name in CALLS:
            setattr(os, name, real[name])


def changes() -> list[write.Change]:
    return [write.Change(name, OLD[name], NEW[name]) for name in NAMES]


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def steps(folder: Path) -> int:
    """How many of those calls a commit makes."""
    root = folder / "count"
    plant(root, OLD)
    with counted(lambda number, name: None) as done:
        write.commit(str(root), changes())
    assert contents(root) == NEW
    return len(done)


def test_every_failing_call_leaves_everything_as_it_was(tmp_path: Path) -> None:
    total = steps(tmp_path)
    failed = 0
    for step in range(1, total + 1):
        root = tmp_path / str(step)
        plant(root, OLD)

        def fail(number: int, name: str, step: int = step) -> None:
            if number == step:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        try:
            with counted(fail):
                write.commit(str(root), changes())
        except FileError as error:
            failed += 1
            assert error.message == "cannot be written: no space left on device"
            assert contents(root) == OLD, step
            write.commit(str(root), changes())
        assert contents(root) == NEW, step
    # The last two open and sync fi-bump's own folder when all is done: their failure loses nothing and is no error.
    assert failed == total - 2


def test_an_interrupt_leaves_all_old_or_all_new(tmp_path: Path) -> None:
    for step in range(1, steps(tmp_path) + 1):
        root = tmp_path / str(step)
        plant(root, OLD)

        def interrupt(number: int, name: str, step: int = step) -> None:
            if number == step:
                raise KeyboardInterrupt

        with counted(interrupt), pytest.raises(KeyboardInterrupt):
            write.commit(str(root), changes())
        assert contents(root) in (OLD, NEW), step
        assert not pending(str(root))


def test_a_kill_at_every_call_is_recovered(tmp_path: Path) -> None:
    total = steps(tmp_path)
    outcomes = set()
    top = str(Path(__file__).parent.parent)
    for step in range(1, total + 1):
        root = tmp_path / str(step)
        plant(root, OLD)
        (root / "a.txt").chmod(0o755)
        child = subprocess.run([sys.executable, "-c", CHILD, str(root), str(step), top], capture_output=True)
        assert child.returncode == -signal.SIGKILL, child.stderr
        left = pending(str(root))
        with write.exclusive(str(root)):
            recovery = write.recover(str(root))
        assert left == (recovery is not None), step
        outcomes.add(recovery and recovery.outcome)
        assert contents(root) in (OLD, NEW), step
        assert recovery is None or (recovery.outcome == "finished") == (contents(root) == NEW), step
        assert (root / "a.txt").stat().st_mode & 0o777 == 0o755
        assert not pending(str(root))
    assert outcomes == {None, "undone", "finished"}


def half_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a tree as a kill after the first rename does."""
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
    assert str(caught.value) == "sub/c.txt: changed since a fi-bump was interrupted; its journal is kept"
    journal = os.path.join(state_folder(str(tmp_path)), "journal.json")
    assert caught.value.hint == f"restore it, or remove {journal} to keep things as they are"
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
    assert caught.value.hint == "the journal is kept: mend the cause and run fi-bump check --fix"
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
