"""Create, lock and remove folders in the cache of `smoke`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator

from fi_bump.errors import FileError, explained
from fi_bump.user_cache import user_cache


def cache_folder(asked: str | None) -> str:
    """Return the folder for environments, logs and compiled modules: `asked`, or else one in the user's cache.

    Raises FileError if there is no home folder.
    """
    if asked:
        return os.path.abspath(asked)
    base = user_cache()
    if base is None:
        raise FileError("there is no home folder for the cache", hint="name a folder with --cache DIR")
    return base


def folder(*parts: str) -> str:
    """Create a folder if it does not exist, and return its path. Raises FileError."""
    path = os.path.join(*parts)
    with explained(path, "cannot be created"):
        os.makedirs(path, exist_ok=True)
    return path


def fresh_folder(*parts: str) -> str:
    """Create a new folder in the folder of the first parts, with a name that begins with the last part."""
    parent = folder(*parts[:-1])
    with explained(parent):
        return tempfile.mkdtemp(prefix=f"{parts[-1]}-", dir=parent)


def drop(path: str) -> None:
    """Remove a folder with everything in it, if it exists. Raises FileError."""
    with explained(path, "cannot be removed"), contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)


@contextlib.contextmanager
def exclusive(path: str) -> Iterator[None]:
    """Hold the lock file at `path`, so that of two runs that need the same environment only one makes it."""
    with explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    # Outside `explained`, which would blame this file for an error inside the block.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
