"""Lock a repository for a command that writes, after recovering from an interrupted fi-bump."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fi_bump.editing import recovery, write
from fi_bump.repository import Repository, open_repository
from fi_bump.scanning import files
from fi_bump.terminal.output import say


@contextmanager
def locked_folder(folder: str, *, quiet: bool = False) -> Iterator[str]:
    """Hold the write lock of the repository at `folder`, and yield its root; it need not have a versions.lock.json.

    First it finishes or undoes the change of an interrupted fi-bump, and prints which unless `quiet`. Raises BusyError
    when another fi-bump holds the lock, and FileError when a file was changed since the interruption.
    """
    root = files.find_root(folder)
    with write.exclusive(root):
        done = recovery.recover(root)
        if done is not None and not quiet:
            what = ", ".join(done.paths) or "no file was touched"
            say([f"{done.outcome} an interrupted fi-bump: {what}"])
        yield root


@contextmanager
def locked_repository(folder: str, *, quiet: bool = False) -> Iterator[Repository]:
    """Like `locked_folder`, but yield the opened repository. Raises LockError too."""
    with locked_folder(folder, quiet=quiet) as root:
        yield open_repository(root)
