"""Read and write what the user names as a file and what may be a pipe: no wait is without a limit.

`--from-lock <(git show HEAD:versions.lock.json)` names a pipe, so pipes are not refused.
"""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Iterator
from time import monotonic, sleep

# Seconds without a byte until a pipe counts as abandoned.
WAIT = 60.0
# No file that a user gives fi-bump is larger, and a device has no end.
LARGEST = 1 << 30
_PIECE = 1 << 16


def read_stream(path: str) -> bytes:
    """Return what a file, a pipe or a device contains. Raises OSError after WAIT seconds without a byte."""
    return b"".join(pieces_of(path))


def pieces_of(path: str) -> Iterator[bytes]:
    """Like `read_stream`, piece by piece."""
    # Non-blocking: the open of a pipe waits for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        waits = not stat.S_ISREG(os.fstat(descriptor).st_mode)
        size = 0
        while True:
            if waits:
                # Without a writer there is no event; a writer that has gone away is one, and the read then gives b"".
                _wait(descriptor, select.POLLIN, monotonic() + WAIT, "nothing comes from this pipe")
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return
            size += len(piece)
            if size > LARGEST:
                raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB")
            yield piece
    finally:
        os.close(descriptor)


def write_stream(path: str, data: bytes) -> None:
    """Write to a pipe or a device. Raises OSError if nobody reads it for WAIT seconds."""
    end = monotonic() + WAIT
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            break
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if monotonic() >= end:
                raise OSError(errno.ENXIO, "nobody reads this pipe") from None
            sleep(0.02)
    try:
        rest = memoryview(data)
        while rest:
            _wait(descriptor, select.POLLOUT, end, "nobody reads this pipe")
            rest = rest[_write(descriptor, rest) :]
            end = monotonic() + WAIT
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: memoryview) -> int:
    try:
        return os.write(descriptor, data[:_PIECE])
    except BlockingIOError:
        return 0


def _wait(descriptor: int, event: int, end: float, otherwise: str) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(max(end - monotonic(), 0) * 1000):
        raise OSError(errno.ETIMEDOUT, otherwise)
