"""Read files that somebody else may have put there: a pipe or a device must not stop fi-bump."""

from __future__ import annotations

import errno
import os
import stat


def read_regular(path: str) -> bytes:
    """Return the bytes of a regular file, links followed. Raises OSError, also for a pipe, a device or a folder."""
    # Non-blocking, since the open of a pipe waits for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        now = os.fstat(descriptor)
        if not stat.S_ISREG(now.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        pieces = []
        while piece := os.read(descriptor, max(now.st_size, 1 << 16)):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)
