"""Read files that somebody else may have put there: a pipe or a device must not stop fi-bump."""

from __future__ import annotations

import errno
import os
import stat
from os.path import dirname, join

# No file that fi-bump reads is larger; one with a hole can be, and memory cannot hold it.
LARGEST = 1 << 30
_DATA = join(dirname(dirname(__file__)), "data")


def open_regular(path: str) -> tuple[int, int]:
    """Return a descriptor of a regular file and the file's size, links followed. Raises OSError for anything else."""
    # Non-blocking, since the open of a pipe waits for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        now = os.fstat(descriptor)
        if not stat.S_ISREG(now.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        return descriptor, now.st_size
    except OSError:
        os.close(descriptor)
        raise


def read_regular(path: str, largest: int = LARGEST) -> bytes:
    """Return the bytes of a regular file, links followed.

    Raises OSError, also for a pipe, a device or a folder, and for a file of more than `largest` bytes.
    """
    descriptor, size = open_regular(path)
    try:
        if size > largest:
            raise OSError(errno.EFBIG, f"Larger than {largest >> 20} MiB", path)
        pieces = []
        while piece := os.read(descriptor, max(size, 1 << 16)):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def read_own(path: str, largest: int) -> bytes:
    """Return the content of a regular file that only this user can have written. Raises OSError for any other."""
    # Non-blocking, since a pipe may have this name.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        now = os.fstat(descriptor)
        writable_by_others = now.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISREG(now.st_mode) or now.st_uid != os.geteuid() or writable_by_others:
            raise OSError("not a file of this user")
        if now.st_size > largest:
            raise OSError("too large for a cache")
        pieces = []
        while piece := os.read(descriptor, now.st_size + 1):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def read_data(name: str) -> bytes:
    """Return a file of fi_bump/data. importlib.resources can read more, but its import takes 30 ms."""
    with open(join(_DATA, name), "rb") as file:
        return file.read()
