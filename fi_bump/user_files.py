"""Files outside the repository that fi-bump reads and writes for the user: reports, caches, pull-request bodies."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator

from fi_bump.errors import FileError


@contextlib.contextmanager
def explained(place: str, what: str = "cannot be written") -> Iterator[None]:
    """Turn the system's errors into a FileError at `place`."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{what}: {(error.strerror or str(error)).lower()}", place=place) from None


def read(path: str) -> bytes:
    """The file's bytes. Raises FileError."""
    with explained(path, "cannot be read"), open(path, "rb") as stream:
        return stream.read()


def refuse_unwritable(path: str) -> None:
    """Raise FileError now where `put` would fail after the probes had run for minutes."""
    parent = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise FileError("cannot be written: is a folder", place=path)
    if not os.path.isdir(parent):
        raise FileError("cannot be written: its folder does not exist", place=path, hint=f"make {parent}")
    if not os.access(path if os.path.exists(path) else parent, os.W_OK):
        raise FileError("cannot be written: permission denied", place=path)


def put(path: str, data: bytes) -> None:
    """Write a file whole or not at all; what is no regular file (a pipe, /dev/stdout) is written as it is."""
    real = os.path.realpath(path)
    with explained(path):
        mode = os.stat(real).st_mode if os.path.exists(real) else None
        if mode is not None and not stat.S_ISREG(mode):
            with open(real, "wb") as stream:
                stream.write(data)
            return
        descriptor, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(real)[:100]}-", dir=os.path.dirname(real))
        try:
            with open(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fchmod(descriptor, _new_mode() if mode is None else stat.S_IMODE(mode))
                os.fsync(descriptor)
            os.replace(temporary, real)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def _new_mode() -> int:
    """The mode of a file that is made anew. The mask can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
