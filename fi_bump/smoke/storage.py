"""Where the smoke stage writes: its cache folder, and the reports it is asked to leave."""

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
    """The folder for environments, logs and compiled modules: the one asked for, or the user's cache folder's."""
    if asked:
        return os.path.abspath(asked)
    base = user_cache()
    if base is None:
        raise FileError("there is no home folder for a cache", hint="name one with --cache DIR")
    return base


def folder(*parts: str) -> str:
    """A folder that is there afterwards."""
    path = os.path.join(*parts)
    with explained(path, "cannot be made"):
        os.makedirs(path, exist_ok=True)
    return path


def fresh_folder(*parts: str) -> str:
    """A new folder inside another, named after the last part."""
    parent = folder(*parts[:-1])
    with explained(parent):
        return tempfile.mkdtemp(prefix=f"{parts[-1]}-", dir=parent)


def drop(path: str) -> None:
    """Remove a folder and all below it, where it is there."""
    with explained(path, "cannot be removed"), contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)


@contextlib.contextmanager
def exclusive(path: str) -> Iterator[None]:
    """Hold the lock file at `path`: two runs that want the same environment make it once."""
    with explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    # Outside `explained`: what fails inside the block is not this file's fault.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
