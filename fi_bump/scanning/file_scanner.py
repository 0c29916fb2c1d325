"""Scan one file after another: read it or pass over it, take the cache's findings or look for pins."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from fi_bump.boundary.inside import Boundary
from fi_bump.errors import FIX_OR_EXCLUDE, FiBumpError, FileError, ParseError
from fi_bump.formats.table import format_named
from fi_bump.grammar import names_any
from fi_bump.lock.records import Lock
from fi_bump.pins import Found, Guard, Place, Source
from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.scanning import files
from fi_bump.scanning.asked import literal_anchors, needles, recorded_anchors, wanted_by
from fi_bump.scanning.cache_codec import decode, encode
from fi_bump.scanning.evidence_search import EvidenceSearch
from fi_bump.scanning.in_tests import is_test
from fi_bump.scanning.look import look
from fi_bump.scanning.search import word_search

if TYPE_CHECKING:
    from fi_bump.scanning.cache import Watch


class Markers(NamedTuple):
    """The conflict markers of one file."""

    places: tuple[Place, ...]


if TYPE_CHECKING:
    from typing import TypeAlias

    # What is in a file; None without anything.
    Result: TypeAlias = Found | ParseError | Markers | None


class FileScanner:
    """Finds the pins of one lock in files.

    `will_read` takes the files of a whole tree that the walk met, and `results` says what is in all files. After that,
    only the files of `maybe` may have one of `words`: those of the lock, and the `others` that the caller asks about.
    """

    def __init__(
        self, root: str, lock: Lock, watch: Watch | None, boundary: Boundary, others: tuple[bytes, ...] = ()
    ) -> None:
        self.literals = literal_anchors(lock.groups)
        self._anchors = recorded_anchors(lock.groups)
        self._boundary = boundary
        self._root = root
        self._watch = watch
        self._wanted = wanted_by(lock.groups)
        self._words = needles(self._wanted)
        self._recorded = {site.partition("#")[0] for site in lock.sites}
        self.words = frozenset([*self._words, *others])
        self._search = word_search(root, tuple(sorted(self.words)))
        self._evidence = EvidenceSearch(root, self._wanted)
        # The files that the search reads, each with its state before that.
        self._searched: dict[str, os.stat_result | None] = {}
        self._early: dict[str, Result] = {}
        self._failed: dict[str, FiBumpError] = {}
        self.maybe: frozenset[str] = frozenset()

    def will_read(self, paths: Iterable[str]) -> None:
        """Start the search of files that the walk found, but for those that must be read in any case."""
        recorded, watch = self._recorded, self._watch
        searched: dict[str, os.stat_result | None] = {}
        if watch is None:
            searched = dict.fromkeys([path for path in paths if path not in recorded])
        else:
            for path in paths:
                if path not in recorded and not watch.has_findings(path):
                    try:
                        searched[path] = os.lstat(f"{self._root}/{path}")
                    except OSError:
                        continue
        self._searched.update(searched)
        self._search.add(*searched)

    def will_read_no_more(self) -> None:
        """Start the search of the last files."""
        self._search.begin()

    def results(self, forms: Mapping[str, str | None]) -> Iterator[tuple[str, Result]]:
        """Yield each file with its result, sorted, but not the files without a wanted word. Raises FiBumpError.

        `forms` are the paths of the files, each with its format.
        """
        recorded, searched = self._recorded, self._searched
        followed: set[str] = set()

        def follow(found: set[str]) -> None:
            # A file that is read under the name of a link is none of these paths.
            self._evidence.add([(path, forms[path]) for path in found - followed if path in forms])
            followed.update(found)

        # The recorded files are read while grep runs, and what it finds meanwhile is given to the second search.
        for path in sorted(recorded & forms.keys()) if searched else ():
            self._scan_early(path, forms[path])
            follow(self._search.answered())
        maybe = self._search.maybe()
        follow(maybe)
        # Few of the paths are left, so only these are sorted.
        left = [path for path in forms if path in maybe or path not in searched]
        unsure = [(path, forms[path]) for path in sorted(left)]
        self.maybe = frozenset(left)
        # Files of other formats are read while the second search runs.
        for path, form in unsure if self._evidence.given else ():
            if path not in self._evidence.given and path not in recorded:
                self._scan_early(path, form)
        ruled_out = self._evidence.ruled_out()
        if self._watch is not None:
            for path in (searched.keys() - maybe) | ruled_out:
                self._watch.read(path, searched[path])
        for path, form in unsure:
            if path in self._failed:
                raise self._failed[path]
            if path not in ruled_out:
                yield path, self._early[path] if path in self._early else self.scan_file(path, form)

    def end(self) -> None:
        """End the searches, which an error may have left running."""
        self._search.end()
        self._evidence.end()

    def _scan_early(self, path: str, form: str | None) -> None:
        """Scan a file before its turn, while grep runs. What is wrong with it is said when its turn comes."""
        try:
            self._early[path] = self.scan_file(path, form)
        except FiBumpError as error:
            self._failed[path] = error

    def scan_file(self, path: str, form: str | None) -> Result:
        """Return the file's findings, a ParseError for a file that need not be parsed, or None without findings.

        A file with conflict markers has no findings: nobody can say which of its versions counts.
        """
        is_recorded = path in self._recorded
        watch = self._watch
        source = read_quietly(self._root, path, recorded=is_recorded, watch=watch, boundary=self._boundary)
        if source is None:
            return None
        known = watch.cached_found(path) if watch is not None else None
        what: Result = _decoded(source, known)
        if what is None:
            known = None
            what = self.examine(source, form)
        if what is None or what == ((), (), (), ()):
            return None
        if watch is not None:
            watch.record_found(path, (known or encode(source, what)) if isinstance(what, Found) else None)
        if path in self._boundary.linked and isinstance(what, Found):
            guard = Guard(self._boundary.linked[path], linked=True)
            what = what._replace(pins=tuple([pin._replace(guard=guard) for pin in what.pins]))
        return what

    def may_have_pins(self, path: str, data: bytes) -> bool:
        """Whether a file must be examined: a word of the lock is in it, or the lock records a site there."""
        return path in self._recorded or names_any(data, self._words)

    def examine(self, source: Source, form: str | None) -> Result:
        """Like `scan_file`, for bytes that were read already, and without the cache."""
        path, is_recorded = source.path, source.path in self._recorded
        is_named = path in self.literals or any(source.few_places(word) != [] for word in self._words)
        data = source.data
        if (is_named or is_recorded) and (data.find(b"<<<<<<<") >= 0 or data.find(b">>>>>>>") >= 0):
            conflict = self._conflict(source, is_recorded=is_recorded)
            if conflict is not None:
                return conflict
        if not is_named:
            return None
        try:
            return look(source, self._wanted, self.literals.get(path, ()), self._anchors.get(path, ()))
        except ParseError as error:
            if is_recorded or form is None or not format_named(form).shared:
                error.hint = error.hint or FIX_OR_EXCLUDE
                raise
            return error

    def _conflict(self, source: Source, *, is_recorded: bool) -> Markers | None:
        """Return a file's conflict markers; None without them, or if neither side has a pin and the lock no site."""
        from fi_bump.scanning import markers

        spans = markers.marked(source.data)
        if not spans or (is_test(source.path) and not is_recorded):
            return None
        sides = [] if is_recorded else [markers.side(source.data, ours=ours) for ours in (True, False)]
        if not is_recorded and not any(self._has_pin(Source(source.path, data)) for data in sides):
            return None
        return Markers(tuple([source.place(span) for span in spans]))

    def _has_pin(self, source: Source) -> bool:
        try:
            return bool(look(source, self._wanted, self.literals.get(source.path, ())).pins)
        except ParseError:
            return False


def _decoded(source: Source, known: object) -> Found | ParseError | None:
    """Return what the cache has about a file; None if it has nothing, or nothing that fits the file's bytes."""
    if known is None:
        return None
    try:
        return decode(source, known)
    except ValueError:
        return None


def read_quietly(
    root: str, path: str, *, recorded: bool, watch: Watch | None = None, boundary: Boundary | None = None
) -> Source | None:
    """Read a file; return None for one that is not a regular file, if no recorded site needs it."""
    try:
        return files.read(root, path, watch, boundary)
    except FileError:
        # A dangling link, a socket or a folder may have a format's name; without a pin in it, that is not an error.
        # Nor is a file that was removed since its folder was listed: its recorded sites are missing then.
        if (recorded and os.path.lexists(os.path.join(root, path))) or files.is_regular(root, path):
            raise
        if watch is not None:
            watch.read(path, None)
        return None
