"""Lock a repository for a command that writes, and recover first what an interrupted fi-bump left in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fi_bump.editing import write
from fi_bump.repository import Repository, open_repository
from fi_bump.scanning import files
from fi_bump.terminal.output import say


@contextmanager
def locked_folder(folder: str, *, quiet: bool = False) -> Iterator[str]:
    """Hold the write lock of the repository at `folder`, recovered; yields its root. It need not have a lock file yet.

    What an interrupted fi-bump left is finished or undone, and printed unless `quiet`. Raises BusyError when another
    fi-bump holds the lock, and FileError when the recovery needs a person.
    """
    root = files.find_root(folder)
    with write.exclusive(root):
        recovery = write.recover(root)
        if recovery is not None and not quiet:
            what = ", ".join(recovery.paths) or "no file was touched"
            say([f"{recovery.outcome} an interrupted fi-bump: {what}"])
        yield root


@contextmanager
def locked_repository(folder: str, *, quiet: bool = False) -> Iterator[Repository]:
    """As `locked_folder`, and yields the repository as it is once it is recovered. Raises LockError too."""
    with locked_folder(folder, quiet=quiet) as root:
        yield open_repository(root)
