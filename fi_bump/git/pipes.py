"""Files that git opens by itself and would wait for: a pipe, or a device, with a name that git looks for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from fi_bump.state import checkout

# The files of a work tree that git reads without being asked to.
_READ_BY_GIT = frozenset({".gitattributes", ".gitignore", ".gitmodules", ".mailmap"})
# Those of `.git` that git opens for a commit; a hook may make a pipe with another name there.
_OF_COMMITS = frozenset(
    {"COMMIT_EDITMSG", "HEAD", "MERGE_MSG", "attributes", "config", "exclude", "index", "packed-refs"}
)


def beside(root: str, paths: Iterable[str]) -> str | None:
    """Return one that git would wait for in the work tree's folders from its top to `root` and to each of the paths."""
    top, start = checkout(root), os.path.realpath(root)
    folders = set()
    for path in ("", *paths):
        folder = os.path.dirname(os.path.join(start, path))
        while folder not in folders:
            folders.add(folder)
            if folder == top or os.path.dirname(folder) == folder:
                break
            folder = os.path.dirname(folder)
    found = (os.path.join(folder, name) for folder in folders for name in _READ_BY_GIT)
    return None if top is None else min(filter(_is_awaited, found), default=None)


def anywhere(root: str, *, hooks: bool) -> str | None:
    """Like `beside`, for every folder of the work tree, and for its `.git`: with `hooks` only what git opens there."""
    top = checkout(root)
    folders = [] if top is None else [(top, False)]
    while folders:
        folder, is_of_git = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, is_of_git or entry.name == ".git"))
                        continue
                    is_read = entry.name in _READ_BY_GIT or (is_of_git and (not hooks or entry.name in _OF_COMMITS))
                    if is_read and not entry.is_file() and _is_awaited(entry.path):
                        return entry.path
        except OSError:
            continue  # A folder that nobody can read: git does not wait for it either.
    return None


def _is_awaited(path: str) -> bool:
    """Whether reading it may never end. Links are followed, as git before 2.32 does; /dev/null has an end."""
    try:
        now = os.stat(path)
    except OSError:
        return False
    is_device = stat.S_ISCHR(now.st_mode) or stat.S_ISBLK(now.st_mode)
    return stat.S_ISFIFO(now.st_mode) or (is_device and now.st_rdev != os.stat(os.devnull).st_rdev)
