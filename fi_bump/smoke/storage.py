"""Where the smoke stage writes: its cache folder, and the reports it is asked to leave."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator

from fi_bump.errors import FileError
from fi_bump.folders import user_cache


@contextlib.contextmanager
def explained(place: str, what: str = "cannot be written") -> Iterator[None]:
    """Turn the system's errors into a FileError at `place`."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{what}: {(error.strerror or str(error)).lower()}", place=place) from None


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


def read(path: str) -> bytes:
    """The file's bytes. Raises FileError."""
    with explained(path, "cannot be read"), open(path, "rb") as stream:
        return stream.read()


def drop(path: str) -> None:
    """Remove a folder and all below it, where it is there."""
    with explained(path, "cannot be removed"), contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)


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
