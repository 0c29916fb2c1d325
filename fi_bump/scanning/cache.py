"""What the last `check` of a tree looked at, kept in the user's cache: a tree that has not changed is not read again.

Three things are kept, and all are only ever used for files and folders whose size and times are what they were: what
each folder holds and what each file said (`Watch`), so that most are passed over, and the report of a check in step
(`recall`). A change of a file or of a folder's entries changes its times (ctime cannot be set back); what changed
within the last two seconds before a check is not kept, since a second change in the same tick of the clock would leave
no trace. What a command writes is never decided by it. FI_BUMP_NO_CACHE turns all of it off.

Imports nothing but what the interpreter has loaded already, and no exception leaves: without a cache all is read.
"""

from __future__ import annotations

import marshal
import os
import sys
import zlib
from time import time_ns

from fi_bump import __version__, state
from fi_bump.user_cache import user_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    # Of each path what `_signature` says.
    Signatures: TypeAlias = dict[str, int]
    # What each file that says something said, as `plain.plain` has it; None for what must be looked at anew.
    Said: TypeAlias = dict[str, Any]

_FORM = 2
_TICK = 2_000_000_000
_OLD = 30 * 24 * 3600 * 1_000_000_000
_UNSETTLED = -1


class CachedCheck:
    """What a file of the cache holds: of each folder and file its signature, and what the files said.

    `report` is empty where there is none. `linked` are the folders with symbolic links: what a link is may change with
    no trace in its folder.
    """

    __slots__ = ("code", "files", "folders", "linked", "names", "report", "said")

    def __init__(
        self,
        code: str,
        names: str,
        report: bytes,
        folders: Signatures,
        files: Signatures,
        said: Said,
        linked: frozenset[str],
    ) -> None:
        self.code = code
        self.names = names
        self.report = report
        self.folders = folders
        self.files = files
        self.said = said
        self.linked = linked

    @property
    def parts(self) -> tuple[str, str, bytes, Signatures, Signatures, Said, frozenset[str]]:
        """All of it."""
        return self.code, self.names, self.report, self.folders, self.files, self.said, self.linked


class Memory:
    """What the last check of a tree kept, if anything, and of each path that is not what it was its new signature.

    `report` is that of the last check, when it was in step and nothing has changed since. What changed since
    `settled` may change again without a trace.
    """

    __slots__ = ("changed", "kept", "report", "settled")

    def __init__(self, kept: CachedCheck | None, changed: Signatures, report: bytes | None, settled: int) -> None:
        self.kept = kept
        self.changed = changed
        self.report = report
        self.settled = settled


def recall(root: str) -> Memory:
    """What is known of this tree: one look at the times of everything that the last check saw."""
    settled = time_ns() - _TICK
    kept = _load(root)
    if kept is None or kept.code != _code():
        return Memory(None, {}, None, settled)
    changed: Signatures = {}
    stat = os.stat
    for signatures in (kept.folders, kept.files):
        for path, signature in signatures.items():
            try:
                now = stat(f"{root}/{path}")
            except OSError:
                changed[path] = _UNSETTLED
                continue
            if now.st_ctime_ns ^ now.st_mtime_ns << 64 ^ now.st_size << 128 != signature:
                changed[path] = _signature(now, settled)
    report = None if changed or state.pending(root) else kept.report
    return Memory(kept, changed, report or None, settled)


def _signature(now: os.stat_result, settled: int) -> int:
    if now.st_mtime_ns >= settled or now.st_ctime_ns >= settled:
        return _UNSETTLED
    return now.st_ctime_ns ^ now.st_mtime_ns << 64 ^ now.st_size << 128


def enabled(root: str) -> bool:
    """Whether anything can be kept of a tree."""
    return _file(root) is not None


class Watch:
    """One check's look at a tree: which files it may pass over, and what it saw, for the next one.

    `names` is what decides whether a file says something: what the lock looks for and leaves out.
    """

    def __init__(self, root: str, names: object, memory: Memory) -> None:
        self._root = root
        self._names = f"{names!r}"
        self._memory = memory
        kept = memory.kept
        if kept is None or kept.names != self._names:
            kept = CachedCheck("", "", b"", {}, {}, {}, frozenset())
        self._known = kept
        self._quiet = kept.files.keys() - kept.said.keys() - memory.changed.keys()
        self._listed = kept.folders.keys() - kept.linked - memory.changed.keys()
        self._listings: dict[str, tuple[list[str], list[str]]] | None = None
        self._folders: Signatures = {}
        self._files: Signatures = {}
        self._said: Said = {}
        self._linked: set[str] = set()
        self.passed: list[str] = []

    def tree(self) -> list[str] | None:
        """Note the whole tree when no folder in it has changed: the files to read. None for one that must be walked."""
        folders = self._known.folders
        if not folders or len(self._listed) < len(folders):
            return None
        self._folders = folders
        self._files = dict(self._known.files)
        self.passed = list(self._quiet)
        return [path for path in self._files if path not in self._quiet]

    def listing(self, path: str) -> tuple[list[str], list[str]] | None:
        """Note a folder; the folders and files in it that the last check saw, None for one that must be listed."""
        if path not in self._listed:
            self._folders[path] = self._now(path, self._known.folders)
            return None
        self._folders[path] = self._known.folders[path]
        if self._listings is None:
            self._listings = {}
            for place, paths in enumerate((self._known.folders, self._known.files)):
                for each in paths:
                    if each:
                        self._listings.setdefault(each.rpartition("/")[0], ([], []))[place].append(each)
        return self._listings.get(path, ([], []))

    def linked(self, path: str) -> None:
        """Note that a folder holds a symbolic link."""
        self._linked.add(path)

    def passes(self, path: str) -> bool:
        """Whether a file said nothing and has not changed. The others are read, and then noted by `read`."""
        if path not in self._quiet:
            return False
        self._files[path] = self._known.files[path]
        self.passed.append(path)
        return True

    def read(self, path: str, now: os.stat_result | None) -> None:
        """Note the state in which a file was found when it was read; None for one that could not be."""
        self._files[path] = _UNSETTLED if now is None else _signature(now, self._memory.settled)

    def lock(self, path: str) -> None:
        """Note the lock itself, which was read already."""
        self._files[path] = self._now(path, self._known.files)
        self._said[path] = None

    def said(self, path: str, what: Any) -> None:
        """Note what a file that was read says: it is always read."""
        self._said[path] = what

    def remembered(self, path: str) -> Any:
        """What a file that was read said the last time, when it is the same; else None."""
        signature = self._files[path]
        same = signature != _UNSETTLED and signature == self._known.files.get(path)
        return self._known.said.get(path) if same else None

    def keep(self, report: bytes | None) -> None:
        """Keep what was seen, and the report of a whole check in step where there is one."""
        if _UNSETTLED in self._folders.values() or _UNSETTLED in self._files.values():
            report = None
        kept = CachedCheck(
            _code(), self._names, report or b"", self._folders, self._files, self._said, frozenset(self._linked)
        )
        if self._memory.kept is None or kept.parts != self._memory.kept.parts:
            _store(self._root, kept)

    def _now(self, path: str, known: Signatures) -> int:
        """A signature from before anything was read of a path: what recalling saw of it, else what is there now."""
        if path in known:
            return self._memory.changed.get(path, known[path])
        try:
            return _signature(os.stat(f"{self._root}/{path}"), self._memory.settled)
        except OSError:
            return _UNSETTLED


def _code() -> str:
    """What changes when fi-bump does: its version, and for one that is being worked on its files."""
    newest = 0
    folders = [os.path.dirname(os.path.dirname(__file__))]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    newest += entry.stat().st_mtime_ns
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    return f"{_FORM} {__version__} {sys.implementation.cache_tag} {newest}"


def _file(root: str) -> str | None:
    base = None if os.environ.get("FI_BUMP_NO_CACHE") else user_cache()
    if base is None:
        return None
    real = os.fsencode(os.path.realpath(root))
    return os.path.join(base, "checks", f"{zlib.crc32(real):08x}{zlib.adler32(real):08x}")


def _load(root: str) -> CachedCheck | None:
    path = _file(root)
    if path is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            data = os.read(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
        if zlib.crc32(data[4:]).to_bytes(4) != data[:4]:
            return None
        real, *parts = marshal.loads(data[4:])
        return CachedCheck(*parts) if real == os.path.realpath(root) else None
    except (OSError, ValueError, EOFError, TypeError):
        return None


def _store(root: str, kept: CachedCheck) -> None:
    path = _file(root)
    if path is None:
        return
    data = marshal.dumps((os.path.realpath(root), *kept.parts))
    # Most checks have nothing new to keep, and need not load it.
    from fi_bump import user_files

    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        user_files.replace(path, zlib.crc32(data).to_bytes(4) + data, private=True, sync=False)
        _forget_old(os.path.dirname(path))
    except OSError:
        return


def _forget_old(folder: str) -> None:
    """Remove what was kept of trees that nobody has checked for a month."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.stat().st_mtime_ns < time_ns() - _OLD:
                os.unlink(entry.path)
