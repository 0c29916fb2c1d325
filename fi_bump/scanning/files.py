"""Which files of a repository can contain pins, and reading them: only this module reads files that fi-bump edits.

It does not ask git: it walks the tree. It skips version-control folders, environments, caches, nested checkouts, and
what the lock excludes.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import chain

from fi_bump.boundary.here import typed
from fi_bump.boundary.inside import BEHIND_LINK, OUTSIDE, Boundary
from fi_bump.boundary.left_out import MARKING, is_marked, is_skipped, refusal
from fi_bump.errors import FIX_OR_EXCLUDE, FIX_OR_RESTORE, FileError, UsageError, reason_of
from fi_bump.formats.by_name import DECIDED, FIRST_LETTERS, UNREAD, format_of, is_moved_by_name, may_have_format
from fi_bump.formats.table import OTHER
from fi_bump.lock.records import LOCK_NAME
from fi_bump.pins import Source
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from fi_bump.scanning.cache import Watch

_CHUNK = 1 << 16
# A file with a hole can be larger than the memory.
_LARGEST = 1 << 30
# What the systems answer to O_NOFOLLOW at a link: Linux and macOS, FreeBSD, NetBSD.
_IS_LINK = frozenset([errno.ELOOP, errno.EMLINK, getattr(errno, "EFTYPE", errno.ELOOP)])
PUT_HERE = "put the file itself here"


class Leftovers:
    """What a walk met beside the files that it yields.

    `others` are the files whose names imply no format, and `extra` the paths that are read for pins and that a walk of
    every file would not meet, because they are links to a file. A cached listing has neither.
    """

    def __init__(self) -> None:
        self.others: list[str] = []
        self.extra: set[str] = set()


def find_root(start: str) -> str:
    """Return `start` if it is an existing folder. Raises UsageError if it is not."""
    if not os.path.isdir(start):
        raise UsageError("there is no such folder", place=start, hint="give the repository's folder after -C")
    return start


def walk(root: str, exclude: re.Pattern[str] | None, *, boundary: Boundary | None = None) -> Iterator[str]:
    """Yield every file's path relative to `root`.

    `boundary` remembers the folders, and the links that lead out of the repository, which are left out.

    Raises FileError for a folder that cannot be listed.
    """
    left = Leftovers()
    for found in _walk(root, exclude, "", boundary or Boundary(root), None, left):
        for path, _ in found:
            if path not in left.extra:
                yield path
    yield from left.others


def _walk(
    root: str, exclude: re.Pattern[str] | None, below: str, boundary: Boundary, watch: Watch | None, left: Leftovers
) -> Iterator[list[tuple[str, str | None]]]:
    """Yield the files of each folder below a path whose names imply a format, with their formats.

    Folders that `watch` has cached are not listed again; it caches names with a format only.
    """
    folders, others = [below], left.others
    while folders:
        folder = folders.pop()
        prefix = f"{folder}/" if folder else ""
        known = watch.listing(folder) if watch is not None else None
        if known is not None:
            folders += known[0]
            yield _with_formats(known[1], watch)
            continue
        try:
            entries = list(os.scandir(f"{root}/{folder}"))
        except (FileNotFoundError, NotADirectoryError) as error:
            if folder != below:
                continue  # A build that runs beside has removed it since its parent was listed.
            raise unreadable(folder or ".", error) from None
        except OSError as error:
            raise unreadable(folder or ".", error) from None
        found, unread, undecided = _decided(entries, prefix, exclude)
        # No name that marks a folder is decided.
        names = [entry.name for entry in undecided]
        if folder != below and not MARKING.isdisjoint(names) and is_marked(names):
            if LOCK_NAME in names:
                boundary.borders.append(folder)
            continue
        boundary.enter(folder)
        others += unread
        for entry in undecided:
            name = entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            path = prefix + name
            if (is_folder and is_skipped(name)) or (exclude is not None and exclude.match(path)):
                continue
            if is_folder:
                folders.append(path)
            else:
                found += _kept(root, entry, path, exclude, boundary, left)
                if watch is not None and entry.is_symlink() and format_of(path) is not None:
                    watch.linked(folder)
        yield found


def _decided(
    entries: list[os.DirEntry[str]], prefix: str, exclude: re.Pattern[str] | None
) -> tuple[list[tuple[str, str | None]], list[str], list[os.DirEntry[str]]]:
    """Return the files of a folder with a format, those without one, and the entries whose names do not decide it."""
    found: list[tuple[str, str | None]] = []
    unread, undecided = [], []
    for entry in entries:
        name = entry.name
        _, dot, last = name.rpartition(".")
        # Most names end here: a call for each of them would take longer than the rest.
        likely = DECIDED.get(last)
        if likely is not None and dot and entry.is_file(follow_symlinks=False):
            form, but = likely
            if not but or not name.lower().endswith(but):
                if exclude is None or not exclude.match(prefix + name):
                    found.append((prefix + name, form))
                continue
        elif dot and last in UNREAD and name[0] not in FIRST_LETTERS and entry.is_file(follow_symlinks=False):
            if exclude is None or not exclude.match(prefix + name):
                unread.append(prefix + name)
            continue
        undecided.append(entry)
    return found, unread, undecided


def _kept(
    root: str, entry: os.DirEntry[str], path: str, exclude: re.Pattern[str] | None, boundary: Boundary, left: Leftovers
) -> list[tuple[str, str | None]]:
    """Return an entry that is no folder, with its format, or nothing if it has none or is not to be read."""
    form = format_of(path) if may_have_format(entry.name) else None
    if entry.is_file(follow_symlinks=False):
        if form is not None:
            return [(path, form)]
        left.others.append(path)
    elif entry.is_symlink() and not boundary.leads_out(path):
        # A link to a file of this tree is left out: the walk meets the file itself, if it has a format.
        is_there = os.path.exists(f"{root}/{path}")
        if form is None:
            left.others += [] if is_there else [path]
        elif _is_read_here(root, path, exclude, boundary):
            left.extra.update([path] if is_there else [])
            return [(path, form)]
    return []


def _is_read_here(root: str, path: str, exclude: re.Pattern[str] | None, boundary: Boundary) -> bool:
    """Whether a link inside the repository is read under its own path, because the walk does not meet its target."""
    target = boundary.target(path)
    if target is None:
        # Nothing is there, or a folder; a recorded site in it is missing.
        return not os.path.exists(os.path.join(root, path))
    refused = refusal(target) or boundary.refusal_above(target)
    if refused is None and not (exclude and exclude.match(target)):
        if is_moved_by_name(target.rpartition("/")[2]):
            return False
        # The link's name has a format, so that its target is not also read as a file without one.
        if format_of(path) != OTHER.name:
            boundary.named_by_links.add(target)
            return True
        return not may_have_format(target.rpartition("/")[2])
    if not boundary.is_readable(target):
        return False
    boundary.linked[path] = f"it is a link to {target}, which {refused or 'the lock excludes'}"
    return True


def unreadable(path: str, error: OSError) -> FileError:
    """Return the error for a file or folder that the system does not let us read."""
    return FileError(f"cannot be read: {reason_of(error)}", place=path, hint=FIX_OR_EXCLUDE)


def read(root: str, path: str, watch: Watch | None = None, boundary: Boundary | None = None) -> Source:
    """Read a file, and tell `watch` about it.

    Raises FileError if it is missing, unreadable, too large, not a regular file, or not a file of the repository.
    """
    try:
        descriptor = _open(root, path, boundary or Boundary(root))
        try:
            now = os.fstat(descriptor)
            if not stat.S_ISREG(now.st_mode):
                raise FileError("is not a regular file", place=path, hint=FIX_OR_EXCLUDE)
            if now.st_size > _LARGEST:
                raise FileError(f"is larger than {_LARGEST >> 20} MiB", place=path, hint=FIX_OR_EXCLUDE)
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


def _open(root: str, path: str, boundary: Boundary) -> int:
    """Open a file of the repository. Raises FileError for any other file, and OSError."""
    # Non-blocking, since a pipe may have this name. Plain calls, since making a file object takes longer than a read.
    refused = boundary.refusal_above(path)
    if refused is None:
        try:
            return os.open(f"{root}/{path}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno not in _IS_LINK:
                raise
        refused = boundary.refusal_behind(path)
        if refused is None or path in boundary.linked:
            return os.open(f"{root}/{path}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    raise FileError(refused, place=path, hint=PUT_HERE if refused in (OUTSIDE, BEHIND_LINK) else None)


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
    boundary: Boundary | None = None,
    left: Leftovers | None = None,
) -> Iterator[tuple[str, str | None]]:
    """Yield `(path, format)` of each file whose name implies a format, below the paths (see `relative`) or the root.

    Files that `watch` can skip are left out, and paths that a walk of the whole tree would not reach. `left` takes what
    else there is.
    """
    found = _candidates(root, exclude, tuple(below) or ("",), watch, boundary or Boundary(root), left or Leftovers())
    return chain.from_iterable(found)


def _candidates(
    root: str,
    exclude: re.Pattern[str] | None,
    below: Iterable[str],
    watch: Watch | None,
    boundary: Boundary,
    left: Leftovers,
) -> Iterator[Iterable[tuple[str, str | None]]]:
    unwalked = watch.tree() if watch is not None else None
    found: Iterable[list[tuple[str, str | None]]]
    for path in below:
        if unwalked is not None:
            found = [_with_formats(unwalked, watch)]
        elif path and (boundary.leads_out(path) or boundary.refusal_above(f"{path}/")):
            found = []
        elif path and not os.path.isdir(os.path.join(root, path)):
            found = [_with_formats([path] if not (exclude and exclude.match(path)) else [], watch)]
        else:
            found = _walk(root, exclude, path, boundary, watch, left)
        for some in found:
            yield some if watch is None else [each for each in some if not watch.can_skip(each[0])]


def _with_formats(paths: Iterable[str], watch: Watch | None) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for path in paths:
        form = None if watch is not None and watch.can_skip(path) else format_of(path)
        if form is not None:
            found.append((path, form))
    return found


def below(root: str, path: str) -> str:
    """Return a path of the command line, which is relative to where the user is, relative to the root.

    `.` is the root. Raises UsageError if it is outside.
    """
    result = os.path.relpath(os.path.join(root, typed(path)), root).replace(os.sep, "/")
    if result == ".." or result.startswith("../"):
        raise UsageError("is outside the repository", place=path, hint="give paths inside the repository's folder")
    return result


def relative(root: str, path: str) -> str:
    """Return an existing path of the command line relative to the root, as the lock spells it. Raises UsageError."""
    result = below(root, path)
    if not os.path.lexists(os.path.join(root, result)):
        raise UsageError("there is no such file or folder", place=path)
    return "" if result == "." else result
