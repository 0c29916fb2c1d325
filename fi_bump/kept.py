"""What the last `check` of a tree looked at, kept in the user's cache: a tree that has not changed is not read again.

Two things are kept, and both are only ever used for files whose size and times are what they were: which files said
nothing (`Watch`), so that they are passed over, and the report of a check in step (`recall`). A change of a file or of
a folder's entries changes its times (ctime cannot be set back); what changed within the last two seconds before a
check is not kept, since a second change in the same tick of the clock would leave no trace. What a command writes is
never decided by it. FI_BUMP_NO_CACHE turns all of it off.

Imports nothing but what the interpreter has loaded already, and no exception leaves: without a cache all is read.
"""

from __future__ import annotations

import marshal
import os
import sys
import zlib
from time import time_ns

from fi_bump import __version__, journal
from fi_bump.folders import user_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    # Of each path what `_signature` says.
    Signatures: TypeAlias = dict[str, int]

_FORM = 1
_TICK = 2_000_000_000
_OLD = 30 * 24 * 3600 * 1_000_000_000
_UNSETTLED = -1


class Watch:
    """One check's look at a tree: which files it may pass over, and what it saw, for the next one.

    `names` is what decides whether a file says something: what the lock looks for and leaves out.
    """

    def __init__(self, root: str, names: object) -> None:
        self._root = root
        self._settled = time_ns() - _TICK
        self._names = f"{names!r}"
        self._kept = kept = _load(root)
        alike = kept is not None and kept.code == _code() and kept.names == self._names
        self._known = kept.signatures if kept is not None and alike else {}
        self._quiet = kept.quiet if kept is not None and alike else frozenset()
        self._signatures: Signatures = {}
        self._files: list[str] = []
        self._loud: set[str] = set()

    def folder(self, path: str) -> None:
        """Note a folder before it is listed."""
        self._signatures[path] = self._signature(path)

    def is_quiet(self, path: str) -> bool:
        """Note a file before it is read; whether it said nothing and has not changed."""
        signature = self._signatures[path] = self._signature(path)
        self._files.append(path)
        return path in self._quiet and signature != _UNSETTLED and self._known.get(path) == signature

    def _signature(self, path: str) -> int:
        try:
            now = os.stat(f"{self._root}/{path}")
        except OSError:
            return _UNSETTLED
        if now.st_mtime_ns >= self._settled or now.st_ctime_ns >= self._settled:
            return _UNSETTLED
        return now.st_ctime_ns ^ now.st_mtime_ns << 64 ^ now.st_size << 128

    def loud(self, path: str) -> None:
        """Note that a file says something: it is always read."""
        self._loud.add(path)

    def keep(self, report: bytes | None) -> None:
        """Keep what was seen, and the report of a whole check in step where there is one."""
        if _UNSETTLED in self._signatures.values():
            report = None
        quiet = frozenset(self._files) - self._loud
        kept = Kept(_code(), self._names, report or b"", self._signatures, quiet)
        if self._kept is None or kept.parts != self._kept.parts:
            _store(self._root, kept)


class Kept:
    """What a file of the cache holds. `report` is empty where there is none."""

    __slots__ = ("code", "names", "quiet", "report", "signatures")

    def __init__(
        self, code: str, names: str, report: bytes, signatures: Signatures, quiet: frozenset[str] = frozenset()
    ) -> None:
        self.code = code
        self.names = names
        self.report = report
        self.signatures = signatures
        self.quiet = quiet

    @property
    def parts(self) -> tuple[str, str, bytes, Signatures, frozenset[str]]:
        """All of it."""
        return self.code, self.names, self.report, self.signatures, self.quiet


def recall(root: str) -> bytes | None:
    """The report of the last check of this tree, when it was in step and nothing has changed since; else None."""
    kept = _load(root)
    if kept is None or not kept.report or kept.code != _code() or journal.pending(root):
        return None
    stat = os.stat
    try:
        for path, signature in kept.signatures.items():
            now = stat(f"{root}/{path}")
            if now.st_ctime_ns ^ now.st_mtime_ns << 64 ^ now.st_size << 128 != signature:
                return None
    except OSError:
        return None
    return kept.report


def _code() -> str:
    """What changes when fi-bump does: its version, and for one that is being worked on its files."""
    top = os.path.dirname(__file__)
    newest = 0
    for folder in (top, f"{top}/formats", f"{top}/report"):
        with os.scandir(folder) as entries:
            newest += sum([entry.stat().st_mtime_ns for entry in entries if entry.name.endswith(".py")])
    return f"{_FORM} {__version__} {sys.implementation.cache_tag} {newest}"


def _file(root: str) -> str | None:
    base = None if os.environ.get("FI_BUMP_NO_CACHE") else user_cache()
    if base is None:
        return None
    real = os.fsencode(os.path.realpath(root))
    return os.path.join(base, "checks", f"{zlib.crc32(real):08x}{zlib.adler32(real):08x}")


def _load(root: str) -> Kept | None:
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
        return Kept(*parts) if real == os.path.realpath(root) else None
    except (OSError, ValueError, EOFError, TypeError):
        return None


def _store(root: str, kept: Kept) -> None:
    path = _file(root)
    if path is None:
        return
    data = marshal.dumps((os.path.realpath(root), *kept.parts))
    scratch = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(scratch, "xb") as stream:
            stream.write(zlib.crc32(data).to_bytes(4) + data)
        os.replace(scratch, path)
        _forget_old(os.path.dirname(path))
    except OSError:
        return


def _forget_old(folder: str) -> None:
    """Remove what was kept of trees that nobody has checked for a month."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.stat().st_mtime_ns < time_ns() - _OLD:
                os.unlink(entry.path)
