"""The trees that the writer changes in tests: their contents, their recovery, and the calls that a change makes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.editing import recovery, write
from tests.conftest import plant
from tests.editing.write_faults import NAMES, NEW, OLD, changes, counted


def contents(root: Path) -> dict[str, bytes]:
    """Return the tree without fi-bump's state folder, but with any temporary file that was left."""
    files = [path for path in root.rglob("*") if path.is_file() and ".fi-bump" not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def recover(root: Path) -> recovery.Recovery | None:
    with write.exclusive(str(root)):
        return recovery.recover(str(root))


def again(root: Path) -> None:
    """Assert that the next run works, whatever happened before, and that it leaves only the files."""
    recover(root)
    now = contents(root)
    write.commit(str(root), [write.FileChange(name, now[name], NEW[name] + b"again\n") for name in NAMES])
    assert contents(root) == {name: NEW[name] + b"again\n" for name in NAMES}
    assert not (root / ".fi-bump").exists()


def wait_for_kills(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        _, error = child.communicate(timeout=30)
        assert child.returncode == -signal.SIGKILL, error.decode()


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


def half_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a tree as a kill after the first rename leaves it."""
    plant(root, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(write, "_carry_out", lambda *_: None)
        write.commit(str(root), changes())
    temporary = next(root.glob(".a.txt.fi-bump-*"))
    temporary.replace(root / "a.txt")
