"""Which files of a repository can contain pins, and reading them: only this module reads files that fi-bump edits.

It does not ask git: it walks the tree. It skips version-control folders, environments, caches, nested checkouts, and
what the lock excludes.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator

from fi_bump.errors import FIX_OR_EXCLUDE, FIX_OR_RESTORE, FileError, UsageError, reason_of
from fi_bump.formats.table import format_of, may_have_format
from fi_bump.lock import LOCK_NAME
from fi_bump.pins import Source
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from fi_bump.scanning.cache import Watch

_SKIPPED_FOLDERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        ".eggs",
        ".fi-bump",
        "node_modules",
        "site-packages",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    ]
)
# Metadata that builds write about a package; a source distribution has its copy at the top.
_METADATA = (".egg-info", ".dist-info")
# A folder that contains one of these is another checkout, or a virtual environment.
_NOT_OURS = frozenset([".git", "pyvenv.cfg"])
_CHUNK = 1 << 16


def find_root(start: str) -> str:
    """Return `start` if it is an existing folder. Raises UsageError if it is not."""
    if not os.path.isdir(start):
        raise UsageError("there is no such folder", place=start, hint="give the repository's folder after -C")
    return start


def excluder(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """Compile the excluded paths: `*` stays in a folder, `**` crosses folders, and a folder includes its content."""
    bodies = [_glob(pattern) for pattern in patterns]
    return re.compile(f"(?:{'|'.join(bodies)})(?:/.*)?\\Z") if bodies else None


def _glob(pattern: str) -> str:
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.rstrip("/"))
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(token, re.escape(token)) for token in tokens)


def walk(
    root: str,
    exclude: re.Pattern[str] | None,
    below: str = "",
    *,
    promising: bool = False,
    watch: Watch | None = None,
) -> Iterator[str]:
    """Yield every file's path relative to `root`, folder by folder; only names of a format with `promising`.

    Folders that `watch` has cached are not listed again; it caches promising names only.

    Raises FileError for a folder that cannot be listed.
    """
    folders = [below]
    while folders:
        folder = folders.pop()
        prefix = f"{folder}/" if folder else ""
        known = watch.listing(folder) if watch is not None else None
        if known is not None:
            folders += known[0]
            yield from known[1]
            continue
        try:
            entries = list(os.scandir(f"{root}/{folder}"))
        except OSError as error:
            raise unreadable(folder or ".", error) from None
        if folder != below and not _NOT_OURS.isdisjoint([entry.name for entry in entries]):
            continue
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if (
                    name not in _SKIPPED_FOLDERS
                    and not name.endswith(_METADATA)
                    and not (exclude and exclude.match(prefix + name))
                ):
                    folders.append(prefix + name)
                continue
            if promising and not may_have_format(name):
                continue
            path = prefix + name
            if exclude is not None and exclude.match(path):
                continue
            if entry.is_file(follow_symlinks=False):
                yield path
            elif entry.is_symlink():
                if watch is not None:
                    watch.linked(folder)
                if not _is_alias(root, path):
                    yield path


def _is_alias(root: str, path: str) -> bool:
    """Whether a link leads to a file of this tree, which the walk meets itself, or to anything but a file."""
    target = os.path.realpath(os.path.join(root, path))
    if not os.path.exists(target):
        return False
    return not os.path.isfile(target) or target.startswith(os.path.realpath(root) + os.sep)


def unreadable(path: str, error: OSError) -> FileError:
    """Return the error for a file or folder that the system does not let us read."""
    return FileError(f"cannot be read: {reason_of(error)}", place=path, hint=FIX_OR_EXCLUDE)


def read(root: str, path: str, watch: Watch | None = None) -> Source:
    """Read a file, and tell `watch` about it. Raises FileError if it is missing, not a regular file, or unreadable."""
    try:
        # Non-blocking, since a pipe may have this name. Plain calls, since making a file object takes longer than a
        # read.
        descriptor = os.open(f"{root}/{path}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            now = os.fstat(descriptor)
            if not stat.S_ISREG(now.st_mode):
                raise FileError("is not a regular file", place=path, hint=FIX_OR_EXCLUDE)
            if watch is not None:
                watch.read(path, now)
            data = os.read(descriptor, _CHUNK)
            if len(data) == _CHUNK or len(data) < now.st_size:
                pieces = [data]
                while more := os.read(descriptor, max(now.st_size, _CHUNK)):
                    pieces.append(more)
                data = b"".join(pieces)
            return Source(path, data)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(path, error) from None


def read_optional(root: str, path: str) -> Source | None:
    """Read a file, or return None if there is none. Raises FileError if it exists and cannot be read."""
    try:
        return read(root, path)
    except FileError as error:
        if not os.path.lexists(os.path.join(root, path)):
            return None
        error.hint = FIX_OR_RESTORE if path == LOCK_NAME else error.hint
        raise


def is_regular(root: str, path: str) -> bool:
    """Whether the path, links followed, is a regular file (pipes and devices are never opened)."""
    try:
        return stat.S_ISREG(os.stat(os.path.join(root, path)).st_mode)
    except OSError:
        return False


def candidates(
    root: str,
    exclude: re.Pattern[str] | None,
    below: Iterable[str] = (),
    watch: Watch | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield `(path, format)` of each file whose name implies a format, below the paths (see `relative`) or the root.

    Files that `watch` can skip are left out.
    """
    unwalked = watch.tree() if watch is not None else None
    for path in tuple(below) or ("",):
        if unwalked is not None:
            found = unwalked
        elif path and not os.path.isdir(os.path.join(root, path)):
            found = [path] if not (exclude and exclude.match(path)) else []
        else:
            found = list(walk(root, exclude, path, promising=True, watch=watch))
        for each in found:
            if watch is not None and watch.can_skip(each):
                continue
            form = format_of(each)
            if form is not None:
                yield each, form


def below(root: str, path: str) -> str:
    """Return a path of the command line relative to the root; `.` is the root. Raises UsageError if it is outside."""
    result = os.path.relpath(os.path.join(root, path), root).replace(os.sep, "/")
    if result == ".." or result.startswith("../"):
        raise UsageError("is outside the repository", place=path, hint="give paths inside the repository's folder")
    return result


def relative(root: str, path: str) -> str:
    """Return an existing path of the command line relative to the root, as the lock spells it. Raises UsageError."""
    result = below(root, path)
    if not os.path.lexists(os.path.join(root, result)):
        raise UsageError("there is no such file or folder", place=path)
    return "" if result == "." else result
