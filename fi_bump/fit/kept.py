"""The comparisons of a tree with releases, kept between runs until a file of the tree or an index's answer changes.

A comparison depends on the Python files, on the releases, and on fi-bump itself. It is used again only where

- every Python file of the tree has the same path, inode, size and times as before it was read (see scanning/cache.py,
  whose rules and switches hold here too),
- the indexes give the same answers to each question that it asked, above all the same hashes of the wheels,
- fi-bump's own files and the version of Python are the same.

A comparison of which something could not be read is not kept. Nothing here raises: without an entry the code is
compared again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import fi_bump
from fi_bump.fit.model import Compared, Fit
from fi_bump.fit.plain import from_plain, to_plain
from fi_bump.fit.releases import PackageReleases, ReleaseAnswers
from fi_bump.index.cache import UNCHANGING, Cache, default_folder
from fi_bump.scanning.cache import UNSETTLED, enabled, settled_time, signature_of

# The comparisons that are kept of one package: as many as a person tries before the tree changes.
_MOST = 8


class _Entry(NamedTuple):
    asked: Compared
    answers: ReleaseAnswers
    fit: Fit


class KeptFits:
    """The kept comparisons of the tree at `root` with the Python files at `paths`, as the files are now."""

    def __init__(self, root: str, paths: Sequence[str]) -> None:
        self._root = os.path.realpath(root)
        self._state = _state(root, paths) if enabled(root) else None
        self._cache = Cache(default_folder())
        self._entries: dict[str, list[_Entry]] = {}

    def may_have(self, asked: Compared) -> bool:
        """Whether a comparison is kept, whatever the indexes say. It may be of any release if none is proposed yet."""
        return any(
            each.asked == asked or (asked.proposed is None and each.asked._replace(proposed=None) == asked)
            for each in self._of(asked.package)
        )

    def recall(self, asked: Compared, releases: PackageReleases) -> Fit | None:
        """Return a kept comparison that would be the same now. Raises PackageIndexError if an index does not answer."""
        for each in self._of(asked.package):
            if each.asked == asked and releases.would_answer(each.answers):
                return each.fit
        return None

    def keep(self, asked: Compared, fit: Fit, answers: ReleaseAnswers | None) -> None:
        """Keep a comparison, which `answers` of the indexes led to."""
        if self._state is None or answers is None:
            return
        others = [each for each in self._of(asked.package) if each.asked != asked]
        entries = [_Entry(asked, answers, fit), *others][:_MOST]
        self._entries[asked.package] = entries
        document = {"state": self._state, "fits": [list(map(to_plain, each)) for each in entries]}
        self._cache.put(self._key(asked.package), {"cache-control": UNCHANGING}, json.dumps(document).encode())

    def _key(self, package: str) -> str:
        return f"comparisons {self._root} {package}"

    def _of(self, package: str) -> list[_Entry]:
        if package not in self._entries:
            self._entries[package] = [] if self._state is None else list(self._read(package))
        return self._entries[package]

    def _read(self, package: str) -> Iterator[_Entry]:
        entry = self._cache.get(self._key(package))
        if entry is None:
            return
        try:
            document = json.loads(entry.body)
            if document["state"] == self._state:
                yield from [_checked(*map(from_plain, each)) for each in document["fits"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return


def _checked(asked: Any, answers: Any, fit: Any) -> _Entry:
    if not (isinstance(asked, Compared) and isinstance(answers, ReleaseAnswers) and isinstance(fit, Fit)):
        raise ValueError("no comparison")
    return _Entry(asked, answers, fit)


def _state(root: str, paths: Sequence[str]) -> str | None:
    """Return a digest of fi-bump and of the files' state; None while a file may change without a trace."""
    settled = settled_time()
    states: list[object] = []
    for path in paths:
        try:
            # A link is followed, as when the file is read.
            states.append(signature_of(os.stat(f"{root}/{path}"), settled))
        except OSError as error:  # mostly a link to nothing
            states.append(str(error.errno))
    if UNSETTLED in states:
        return None
    return hashlib.sha256(_code() + repr((paths, states)).encode()).hexdigest()


@cache
def _code() -> bytes:
    """Return what changes with Python and with fi-bump's own files, which are data too."""
    found = [repr((sys.version, fi_bump.__version__))]
    for top in fi_bump.__path__:
        for folder, folders, names in os.walk(top):
            folders[:] = sorted(each for each in folders if each != "__pycache__")
            for name in sorted(names):
                now = os.stat(os.path.join(folder, name))
                found.append(f"{folder}/{name} {now.st_size} {now.st_mtime_ns} {now.st_ctime_ns}")
    return "\n".join(found).encode("utf-8", "surrogateescape")
