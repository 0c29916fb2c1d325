"""The cache of the last `check` of each tree, in the user's cache folder: what has not changed is not read again.

It contains the entries of each folder, and what was found in each file. `Watch` uses them only for files and folders
that have the same device, inode, size and times as at that check. A change of a file, or of a folder's entries, changes
its times (ctime cannot be set back). A file that changed within the two seconds before the check is not cached, since a
second change in the same tick of the clock would leave no trace.

The cache has no verdict. A file in which something was found is read at every check, and what was found counts for the
same bytes only; so the cache can only hide a pin that is new in a file without one. No command decides from the cache
what it writes. It is off in CI, with `check --cold`, and with FI_BUMP_NO_CACHE.

The module imports only what the interpreter has loaded already. It raises nothing: without a cache all files are read.
"""

from __future__ import annotations

import marshal
import os
import sys
from time import time_ns

from fi_bump import __version__
from fi_bump.boundary.reading import read_own
from fi_bump.user_cache import user_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    # Each path and its `signature_of`.
    Signatures: TypeAlias = dict[str, int]
    # What was found in each file with something wanted, from `cache_codec.encode`; None if the file must be read again.
    FoundByPath: TypeAlias = dict[str, Any]

_CACHE_FORMAT = 3
_TICK = 2_000_000_000
_OLD = 30 * 24 * 3600 * 1_000_000_000
UNSETTLED = -1
# No cache of a tree that people work in is larger: 50,000 files take 5 MB.
_LARGEST = 256 << 20


class CachedCheck:
    """The content of one cache file: the signature of each folder and file, and what was found in the files.

    `linked` are the folders with symbolic links: the target of a link may change and leave no trace in its folder.
    """

    __slots__ = ("code", "files", "folders", "found", "linked", "names")

    def __init__(
        self,
        code: str,
        names: str,
        folders: Signatures,
        files: Signatures,
        found: FoundByPath,
        linked: frozenset[str],
    ) -> None:
        self.code = code
        self.names = names
        self.folders = folders
        self.files = files
        self.found = found
        self.linked = linked

    @property
    def parts(self) -> tuple[str, str, Signatures, Signatures, FoundByPath, frozenset[str]]:
        """All fields in order, for `marshal`."""
        return self.code, self.names, self.folders, self.files, self.found, self.linked

    @property
    def is_consistent(self) -> bool:
        """Whether the fields have their types and fit together. Only then can the content have come from `Watch`."""
        signatures = (self.folders, self.files)
        if not all(type(each) is dict for each in (*signatures, self.found)) or type(self.linked) is not frozenset:
            return False
        if not all({*map(type, each)} <= {str} and {*map(type, each.values())} <= {int} for each in signatures):
            return False
        return (
            type(self.code) is str
            and type(self.names) is str
            and (not self.folders or "" in self.folders)
            and self.found.keys() <= self.files.keys()
            and self.linked <= self.folders.keys()
        )


class LastCheck:
    """The cache of the last check of a tree, and the new signature of every path that changed since.

    A path that changed after the time `settled` (nanoseconds) may change again without a trace.
    """

    __slots__ = ("cached", "changed", "settled")

    def __init__(self, cached: CachedCheck | None, changed: Signatures, settled: int) -> None:
        self.cached = cached
        self.changed = changed
        self.settled = settled


def recall(root: str) -> LastCheck:
    """Load the cache of the last check of this tree, and compare the signature of every path in it."""
    settled = settled_time()
    cached = _load(root)
    if cached is None or cached.code != _code_version(cached.code):
        return LastCheck(None, {}, settled)
    changed: Signatures = {}
    look = os.stat
    for signatures in (cached.folders, cached.files):
        for path, signature in signatures.items():
            try:
                now = look(f"{root}/{path}")
            except (OSError, ValueError):
                changed[path] = UNSETTLED
                continue
            if _unguarded_signature(now) != signature:
                changed[path] = signature_of(now, settled)
    return LastCheck(cached, changed, settled)


def nothing() -> LastCheck:
    """Return what `recall` returns for a tree without a cache, so that every file is read."""
    return LastCheck(None, {}, settled_time())


def settled_time() -> int:
    """Return the time (nanoseconds) before which a file must have changed last, or it may change without a trace."""
    return time_ns() - _TICK


def signature_of(now: os.stat_result, settled: int) -> int:
    """Return a number that changes with a file or a folder; UNSETTLED if it changed after the time `settled`."""
    if now.st_mtime_ns >= settled or now.st_ctime_ns >= settled:
        return UNSETTLED
    return _unguarded_signature(now)


def _unguarded_signature(now: os.stat_result) -> int:
    # Two files may have the same size and times: a file that takes the path of another one is another inode.
    return now.st_ctime_ns ^ now.st_mtime_ns << 64 ^ now.st_size << 128 ^ now.st_ino << 192 ^ now.st_dev << 256


def enabled(root: str) -> bool:
    """Whether what is found in this tree can be cached."""
    return _cache_file(root) is not None


class Watch:
    """Tells a check which files it can skip, and records what the check sees, for the next check.

    `names` decides whether a file contains something wanted: what the lock looks for and excludes.
    """

    def __init__(self, root: str, names: object, last_check: LastCheck) -> None:
        self._root = root
        self._names = f"{names!r}"
        self._last_check = last_check
        cached = last_check.cached
        if cached is None or cached.names != self._names:
            cached = CachedCheck(code="", names="", folders={}, files={}, found={}, linked=frozenset())
        self._cached = cached
        self._without_findings = cached.files.keys() - cached.found.keys() - last_check.changed.keys()
        self._unchanged_folders = cached.folders.keys() - cached.linked - last_check.changed.keys()
        self._listings: dict[str, tuple[list[str], list[str]]] | None = None
        self._folders: Signatures = {}
        self._files: Signatures = {}
        self._found: FoundByPath = {}
        self._linked: set[str] = set()
        self.skipped: list[str] = []

    def tree(self) -> list[str] | None:
        """Record the whole tree if no folder changed, and return the files to read; None if the tree must be walked."""
        folders = self._cached.folders
        if not folders or len(self._unchanged_folders) < len(folders):
            return None
        self._folders = folders
        self._files = dict(self._cached.files)
        self.skipped = list(self._without_findings)
        return [path for path in self._files if path not in self._without_findings]

    def listing(self, path: str) -> tuple[list[str], list[str]] | None:
        """Record a folder, and return its cached folders and files; None if it changed and must be listed."""
        if path not in self._unchanged_folders:
            self._folders[path] = self._signature_before_read(path, self._cached.folders)
            return None
        self._folders[path] = self._cached.folders[path]
        if self._listings is None:
            self._listings = {}
            for place, paths in enumerate((self._cached.folders, self._cached.files)):
                for each in paths:
                    if each:
                        self._listings.setdefault(each.rpartition("/")[0], ([], []))[place].append(each)
        return self._listings.get(path, ([], []))

    def linked(self, path: str) -> None:
        """Record that a folder contains a symbolic link."""
        self._linked.add(path)

    def can_skip(self, path: str) -> bool:
        """Whether nothing was found in a file and it has not changed; records it. Other files are read: see `read`."""
        if path not in self._without_findings:
            return False
        self._files[path] = self._cached.files[path]
        self.skipped.append(path)
        return True

    def has_findings(self, path: str) -> bool:
        """Whether something was found in a file at the last check."""
        return path in self._cached.found

    def read(self, path: str, now: os.stat_result | None) -> None:
        """Record the state of a file that was read, from before the read; None for a file that could not be read."""
        self._files[path] = UNSETTLED if now is None else signature_of(now, self._last_check.settled)

    def record_found(self, path: str, found: Any) -> None:
        """Record what was found in a file, so that the next check reads the file again."""
        self._found[path] = found

    def cached_found(self, path: str) -> Any:
        """Return what was found in a file at the last check, if the file is unchanged since then; else None."""
        signature = self._files[path]
        same = signature != UNSETTLED and signature == self._cached.files.get(path)
        return self._cached.found.get(path) if same else None

    def save(self) -> None:
        """Write everything that was recorded to the cache, if it changed."""
        cached = CachedCheck(
            code=_code_version(),
            names=self._names,
            folders=self._folders,
            files=self._files,
            found=self._found,
            linked=frozenset(self._linked),
        )
        if self._last_check.cached is None or cached.parts != self._last_check.cached.parts:
            _store(self._root, cached)

    def _signature_before_read(self, path: str, known: Signatures) -> int:
        """Return a path's signature from before it was read: the one that `recall` saw, else the present one."""
        if path in known:
            return self._last_check.changed.get(path, known[path])
        try:
            return signature_of(os.stat(f"{self._root}/{path}"), self._last_check.settled)
        except OSError:
            return UNSETTLED


def _code_version(saved: str = "") -> str:
    """Return a text that changes with fi-bump: its version and folder, and the times of the files that a check ran.

    Those are the files of the modules that are loaded now, or of the modules that `saved`, an earlier result, names: a
    check that only reads the cache has not loaded them. A file that is gone changes the text.
    """
    top = os.path.dirname(os.path.dirname(__file__))
    parts = [f"{_CACHE_FORMAT} {__version__} {sys.implementation.cache_tag} {top}"]
    if saved:
        names = [part.rpartition(":")[0] for part in saved.split("\n")[1:]]
    else:
        files = [
            getattr(sys.modules[name], "__file__", None) for name in sorted(sys.modules) if name.startswith("fi_bump")
        ]
        names = [file[len(top) :] for file in files if file and file.startswith(top)]
    for name in names:
        try:
            parts.append(f"{name}:{os.stat(top + name).st_mtime_ns}")
        except OSError:
            parts.append(name)
    return "\n".join(parts)


def _cache_file(root: str) -> str | None:
    # On Windows st_ctime is the time at which a file was made, so a change could leave no trace.
    off = os.environ.get("FI_BUMP_NO_CACHE") or _is_ci() or os.name != "posix"
    base = None if off else user_cache()
    if base is None:
        return None
    # Imported here because a check without a cache needs none.
    from zlib import adler32, crc32

    real = os.fsencode(os.path.realpath(root))
    return os.path.join(base, "checks", f"{crc32(real):08x}{adler32(real):08x}")


def _is_ci() -> bool:
    """Whether this is a CI job, as GitHub, GitLab, Buildkite and most others say it: nobody waits for it there."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def _load(root: str) -> CachedCheck | None:
    path = _cache_file(root)
    if path is None:
        return None
    from zlib import crc32

    try:
        data = read_own(path, _LARGEST)
        if crc32(data[4:]).to_bytes(4) != data[:4]:
            return None
        real, *parts = marshal.loads(data[4:])
        cached = CachedCheck(*parts) if real == os.path.realpath(root) else None
        return cached if cached is not None and cached.is_consistent else None
    except (OSError, ValueError, EOFError, TypeError, MemoryError, RecursionError):
        return None


def _store(root: str, cached: CachedCheck) -> None:
    path = _cache_file(root)
    if path is None:
        return
    data = marshal.dumps((os.path.realpath(root), *cached.parts))
    # Imported here because most checks write no cache.
    from zlib import crc32

    from fi_bump import user_files

    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        user_files.replace(path, crc32(data).to_bytes(4) + data, private=True, sync=False)
        forget_old(os.path.dirname(path))
    except OSError:
        return


def forget_old(folder: str) -> None:
    """Delete the files of a folder that were not written for a month."""
    with os.scandir(folder) as entries:
        for entry in entries:
            old = entry.stat(follow_symlinks=False).st_mtime_ns < time_ns() - _OLD
            if old and not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
