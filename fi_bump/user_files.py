"""Read and write files for the user outside the repository: reports, caches, the bodies of pull requests.

The writes are the building blocks of `editing/` too: a new file that is on disk to its last byte, and a file that is
replaced whole or not at all.
"""

from __future__ import annotations

import errno
import os
import stat

from fi_bump.boundary.left_out import LOCK_NAME
from fi_bump.boundary.streams import read_stream, write_stream
from fi_bump.errors import FileError, explained, reason_of
from fi_bump.untrusted import encodable


def read(path: str) -> bytes:
    """Return the bytes of a file or a pipe. Raises FileError, also when nothing comes from a pipe."""
    with explained(path, "cannot be read"):
        return read_stream(path)


def refuse_unwritable(path: str) -> None:
    """Raise FileError if `put` would fail, so that a command fails before probes run for minutes, not after."""
    if "\0" in path:
        raise FileError("cannot be written: no file has a NUL in its name", place=path)
    parent = os.path.dirname(os.path.realpath(path))
    if os.path.basename(os.path.realpath(path)) == LOCK_NAME:
        raise FileError("cannot be written: it is a lock", place=path, hint="name another file")
    if os.path.isdir(path):
        raise FileError("cannot be written: it is a folder", place=path)
    if not os.path.isdir(parent):
        raise FileError("cannot be written: its folder does not exist", place=path, hint=f"make the folder {parent}")
    if not os.access(path if os.path.exists(path) else parent, os.W_OK):
        raise FileError("cannot be written: permission denied", place=path)


def put(path: str, data: bytes) -> None:
    """Write a whole file or nothing; a path that is not a regular file (a pipe, /dev/stdout) is written directly."""
    real = os.path.realpath(path)
    with explained(path):
        attributes = os.stat(real) if os.path.exists(real) else None
        if attributes is not None and not stat.S_ISREG(attributes.st_mode):
            write_stream(real, data)
            return
        replace(real, data, attributes)


def put_text(path: str, text: str) -> None:
    """Like `put`, for a document, whose format has escaped what is not fi-bump's."""
    put(path, encodable(text).encode("utf-8"))


def replace(
    path: str, data: bytes, attributes: os.stat_result | None = None, *, private: bool = False, sync: bool = True
) -> None:
    """Replace or make a file: a reader sees the old bytes or the new ones, never a mixture. Raises OSError.

    The arguments are those of `write_new`. A failure leaves no temporary file.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:100]}-{os.urandom(6).hex()}")
    try:
        write_new(temporary, data, attributes, private=private, sync=sync)
        os.replace(temporary, path)
    except BaseException:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise


def write_new(
    path: str, data: bytes, attributes: os.stat_result | None = None, *, private: bool = False, sync: bool = True
) -> None:
    """Make a new file with the mode and, where the system permits it, the owner of `attributes`. Raises OSError.

    Without `attributes` the file has the mode that the user's mask gives; with `private` only the user can read it.
    With `sync` the bytes are on disk when this returns.
    """
    # Nobody else can read the file until its mode is set: the file that it replaces may be private.
    mode = 0o666 if attributes is None and not private else 0o600
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if attributes is not None:
            _give_away(descriptor, attributes)
            os.fchmod(descriptor, stat.S_IMODE(attributes.st_mode))
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give_away(descriptor: int, attributes: os.stat_result) -> None:
    """Set the owner, where the system permits it: on most systems only root may."""
    if (attributes.st_uid, attributes.st_gid) != (os.geteuid(), os.getegid()):
        try:
            os.fchown(descriptor, attributes.st_uid, attributes.st_gid)
        except PermissionError:
            return


def keep_extended(source: str, target: str) -> None:
    """Give `target` exactly the extended attributes of `source`, among which are its access control lists.

    Raises OSError with the attribute's name if one cannot be kept. A system without them (macOS) has nothing to do.
    """
    if not hasattr(os, "listxattr"):
        return
    wanted, inherited = _extended(source), _extended(target)
    for name in inherited.keys() - wanted.keys():
        os.removexattr(target, name)
    for name, value in wanted.items():
        if inherited.get(name) != value:
            try:
                os.setxattr(target, name, value)
            except OSError as error:
                message = f"its extended attribute {name} cannot be kept: {reason_of(error)}"
                raise OSError(error.errno, message) from None


def _extended(path: str) -> dict[str, bytes]:
    """Return a file's extended attributes; empty on a file system without them."""
    try:
        return {name: os.getxattr(path, name) for name in os.listxattr(path)}
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise
