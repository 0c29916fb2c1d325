"""Create, lock and remove folders in the cache of `smoke`."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from time import monotonic, sleep

from fi_bump.errors import FileError, explained, quoted
from fi_bump.user_cache import user_cache

_TRUSTED = "FI_BUMP_TRUSTED_FOLDER"
# In seconds: longer than an environment can take to be made.
LONGEST_HELD = 9000.0


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


def shared_folder(path: str) -> str:
    """Create a folder that the user named for others to read, and return its path. Raises FileError."""
    with explained(path, "cannot be created"):
        os.makedirs(path, exist_ok=True)
    return path


def folder(*parts: str) -> str:
    """Create a folder if it does not exist, for this user alone, and return its path, in which no part is a link.

    Raises FileError, also for a folder that others can change: what `smoke` finds in it, it runs.
    """
    # Links are followed once: somebody else's could lead to another folder after the check.
    path = os.path.realpath(os.path.join(*parts))
    with explained(path, "cannot be created"):
        _make(path)
    refuse_shared(path)
    return path


def _make(path: str) -> None:
    """Like os.makedirs, but no new folder can be read or changed by others."""
    if not os.path.isdir(path):
        parent = os.path.dirname(path)
        if parent and parent != path:
            _make(parent)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)


def keep_private(path: str) -> None:
    """Close a folder that another program made to everybody but this user. Raises FileError."""
    with explained(path):
        os.chmod(path, 0o700)


def refuse_shared(path: str) -> None:
    """Raise FileError if somebody else can change a folder, or put another in its place.

    The folder must belong to this user, and those above it to this user or root. A folder above it that everybody can
    write to must have the sticky bit, as /tmp has. What is above the folder in FI_BUMP_TRUSTED_FOLDER is not looked at,
    nor is that folder: a volume that is mounted into a container alone is often open to everybody.
    """
    hint = "name a folder of your own with --cache DIR"
    with explained(path, "cannot be read"):
        real = os.path.realpath(path)
        own = os.stat(real)
        if own.st_uid != os.geteuid():
            raise FileError("belongs to another user, who could plant programs in it", place=path, hint=hint)
        if _others_write(own):
            message = "can be changed by others, who could plant programs in it"
            raise FileError(message, place=path, hint=f"remove it, or {hint}")
        named = os.environ.get(_TRUSTED)
        trusted = os.path.realpath(named) if named else None
        while (above := os.path.dirname(real)) != real and above != trusted:
            real = above
            attributes = os.stat(real)
            shared = _others_write(attributes) and not attributes.st_mode & stat.S_ISVTX
            if shared or attributes.st_uid not in (0, os.geteuid()):
                raise FileError(f"is in {real}, where others can replace it", place=path, hint=hint)


def _others_write(attributes: os.stat_result) -> bool:
    """Whether a user other than the owner and root can write to a folder."""
    if attributes.st_mode & stat.S_IWOTH:
        return True
    return bool(attributes.st_mode & stat.S_IWGRP) and attributes.st_gid != 0 and not _is_alone(attributes.st_gid)


def _is_alone(number: int) -> bool:
    """Whether a group is the user's own: it has the user's name and no other member, as many systems make it."""
    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def fresh_folder(parent: str, name: str) -> str:
    """Create a new folder for this user alone in an existing one, with a name that begins with `name`."""
    with explained(parent):
        return tempfile.mkdtemp(prefix=f"{name}-", dir=parent)


def drop(path: str) -> None:
    """Remove a folder with everything in it, if it exists. Raises FileError."""
    with explained(path, "cannot be removed"), contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)


@contextlib.contextmanager
def exclusive(path: str) -> Iterator[None]:
    """Hold the lock file at `path`, so that of two runs that need the same environment only one makes it.

    Raises FileError if another process holds it for LONGEST_HELD seconds.
    """
    with explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    # Outside `explained`, which would blame this file for an error inside the block.
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: str) -> None:
    end = monotonic() + LONGEST_HELD
    while True:
        with explained(path, "cannot be locked"), contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if monotonic() >= end:
            message = f"another process has held this lock for {LONGEST_HELD / 60:g} minutes"
            raise FileError(message, place=path, hint=f"find it with fuser -v {quoted(path)}, and end it if it hangs")
        sleep(0.2)
