"""The text files of a tree that may mention a version: every file, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from fi_bump.boundary.inside import Boundary
from fi_bump.boundary.left_out import excluder
from fi_bump.lock.records import LOCK_NAME, Lock
from fi_bump.pins import Source
from fi_bump.scanning import files
from fi_bump.scanning.file_scanner import read_quietly
from fi_bump.scanning.scan import WordFiles
from fi_bump.scanning.search import word_search

# The lock itself, and a source distribution's metadata, which the next build rewrites.
_WRITTEN = (LOCK_NAME, "PKG-INFO")
_LARGEST = 1_000_000
LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pipfile.lock", "conda-lock.yml")
# The body of a pull request, from report/change/pull_request.py: it contains versions, and each change rewrites it.
_BODY = re.compile(rb"## [^\n]+\n\n[0-9]+ pins? in [0-9]+ files?, (?:in step|[0-9]+ findings? of fi-bump check);")


class MentionFiles:
    """The files with one of some lower-case words, as a context manager.

    grep begins to read them when this is made, so that the caller can do something else before it asks for them. It
    does not read the files of which a scan `knew` that they have none.
    """

    def __init__(self, root: str, lock: Lock, words: tuple[bytes, ...], knew: WordFiles | None = None) -> None:
        self._root = root
        self._boundary = Boundary(root)
        self._search = word_search(root, words)
        self._known: frozenset[str] = frozenset()
        if words:
            found: Iterable[str]
            if knew is None or not knew.words.issuperset(words):
                found = files.walk(root, excluder(lock.exclude), boundary=self._boundary)
            elif all(any(word in each for word in words) for each in knew.words):
                found, self._known = knew.unread, knew.maybe.difference(_WRITTEN)
            else:
                found = knew.maybe | knew.unread
            self._search.add(*sorted(path for path in found if path not in _WRITTEN))
            self._search.begin()

    def __enter__(self) -> MentionFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._search.end()

    def _paths(self) -> Iterator[str]:
        # These are read while grep runs.
        yield from sorted(self._known)
        yield from sorted(self._search.maybe() - self._known)

    def sources(self, written: Mapping[str, bytes] | None = None) -> Iterator[Source]:
        """Yield every text file that may contain one of the words, in some order; with the `written` bytes if any."""
        for path in self._paths():
            source = read_quietly(self._root, path, recorded=False, boundary=self._boundary)
            if source is None or len(source.data) > _LARGEST or b"\0" in source.data or _BODY.match(source.data):
                continue
            if path.rpartition("/")[2].lower() in LOCK_FILES:
                continue  # The finder has read it: the entry of a package is reported, once.
            yield Source(path, written[path]) if written and path in written else source
