"""Read the files that can contain pins, and run the finders on them: only here do reading and finding meet."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterable, Iterator

from fi_bump.boundary.inside import Boundary
from fi_bump.boundary.names import excluder
from fi_bump.errors import FIX_OR_EXCLUDE, FiBumpError, FileError, InternalError, ParseError, quoted
from fi_bump.formats.table import OTHER, finder, format_named, format_of, may_contain
from fi_bump.grammar import LITERAL, names_any
from fi_bump.lock.records import Group, Lock
from fi_bump.pins import Floor, Found, Guard, Kind, Pin, Place, Source, Span, Unpinned, Wanted, make_pin
from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.scanning import files
from fi_bump.scanning.bound_names import with_bound_names
from fi_bump.scanning.cache_codec import decode, encode
from fi_bump.scanning.former_names import with_former_names
from fi_bump.scanning.search import WordSearch

if TYPE_CHECKING:
    from fi_bump.scanning.cache import Watch


class Scan(NamedTuple):
    """What was found in the files that were read, sorted by path and place.

    `below` are the paths that limit the scan (empty: the whole tree). `unparsed` are the files that name a subject but
    cannot be parsed, and in which the lock records no site. `paths` is every file that was read, with its format, and
    `skipped` every file that the cache allowed to skip. `links_out` are the links with the name of a format that lead
    out of the repository; nothing was read there. `conflicts` are the conflict markers in files that have a pin on one
    of the sides, or in which the lock records a site; nothing else of these files is in the scan. `in_tests` are
    versions in strings of test files, which are pins only if the lock records them. `borders` are the folders
    with a lock of their own; nothing was read there.
    """

    pins: tuple[Pin, ...]
    unpinned: tuple[Unpinned, ...]
    floors: tuple[Floor, ...]
    unparsed: tuple[tuple[str, ParseError], ...]
    below: tuple[str, ...]
    paths: tuple[tuple[str, str | None], ...] = ()
    skipped: tuple[str, ...] = ()
    links_out: tuple[str, ...] = ()
    conflicts: tuple[Place, ...] = ()
    in_tests: tuple[Pin, ...] = ()
    borders: tuple[str, ...] = ()

    @property
    def all_paths(self) -> list[tuple[str, str | None]]:
        """The read and the skipped paths with their formats, sorted."""
        return sorted([*self.paths, *((path, format_of(path)) for path in self.skipped)])

    def covers(self, path: str) -> bool:
        """Whether the scan included this path, or would have if the path existed."""
        return _covers(self.below, path)


def wanted_by(groups: Iterable[Group]) -> Wanted:
    """Return the names that the finders look for, for these groups."""
    groups = tuple(groups)
    return Wanted(
        frozenset(member.name for group in groups for member in group.packages),
        frozenset(name for group in groups for name in group.variables),
        frozenset(name for group in groups for name in group.repositories),
    )


def needles(wanted: Wanted) -> tuple[bytes, ...]:
    """Return the shortest list of lower-case words such that every file with a pin contains at least one of them."""
    words = {max(name.split("-"), key=len) for name in wanted.packages}
    words |= {max(name.lower().split("_"), key=len) if "_" in name else name.lower() for name in wanted.variables}
    words |= {name.rpartition("/")[2] for name in wanted.repositories}
    words -= {"version"}
    words |= {name.lower() for name in wanted.variables if not any(word in name.lower() for word in words)}
    return tuple(sorted(word.encode() for word in words if not any(o in word and o != word for o in words)))


def scan(root: str, lock: Lock, paths: Iterable[str] = (), watch: Watch | None = None, *, quiet: bool = False) -> Scan:
    """Find every pin of the lock's groups in `paths` (the whole root if there are none).

    With `watch`, files without findings that have not changed since the last check are skipped. A terminal shows that
    a scan takes long, unless `quiet`.

    Raises FileError for a file that cannot be read, and ParseError for a file that is not of its format, except where
    the name decides the format only roughly (any .json) and the lock records no site in the file.
    """
    if quiet or not sys.stderr.isatty():
        return _scan(root, lock, paths, watch)
    from fi_bump.terminal.waiting import waiting

    with waiting("reading the repository"):
        return _scan(root, lock, paths, watch)


def _scan(root: str, lock: Lock, paths: Iterable[str], watch: Watch | None) -> Scan:
    below = tuple(files.relative(root, path) for path in paths)
    boundary = Boundary(root)
    scanner = FileScanner(root, lock, watch, boundary)
    looked_at = _paths(root, lock, below, boundary, watch, scanner)
    found: list[Found] = []
    unparsed: list[tuple[str, ParseError]] = []
    conflicts: list[Place] = []
    for path, what in scanner.results(looked_at):
        if isinstance(what, ParseError):
            unparsed.append((path, what))
        elif isinstance(what, Markers):
            conflicts += what.places
        elif what is not None:
            found.append(what)
    pins, in_tests = split_tests([pin for each in found for pin in each.pins], lock)
    return Scan(
        pins=pins,
        unpinned=tuple(place for each in found for place in each.unpinned),
        floors=tuple(floor for each in found for floor in each.floors),
        unparsed=tuple(unparsed),
        below=below,
        paths=tuple(looked_at),
        skipped=tuple(watch.skipped) if watch is not None else (),
        links_out=tuple(sorted(path for path in boundary.links_out if format_of(path) not in (None, OTHER.name))),
        conflicts=tuple(conflicts),
        in_tests=in_tests,
        borders=tuple(sorted(boundary.borders)),
    )


class Markers(NamedTuple):
    """The conflict markers of one file."""

    places: tuple[Place, ...]


def split_tests(pins: Iterable[Pin], lock: Lock) -> tuple[tuple[Pin, ...], tuple[Pin, ...]]:
    """Separate the pins from the strings of test files that the lock does not record: those are data of a test."""
    kept: list[Pin] = []
    left: list[Pin] = []
    recorded: set[str] | None = None
    for pin in pins:
        if _is_test(pin.source.path):
            recorded = set(lock.sites) if recorded is None else recorded
            (kept if pin.site in recorded else left).append(pin)
        else:
            kept.append(pin)
    return tuple(kept), tuple(left)


def _is_test(path: str) -> bool:
    """Whether a path is that of a Python test: in a folder of tests, or with the name of a test file."""
    if not path.endswith((".py", ".pyi")):
        return False
    *folders, name = path.split("/")
    named = name.startswith("test_") or name == "conftest.py" or name.rpartition(".")[0].endswith("_test")
    return named or "tests" in folders or "test" in folders


class FileScanner:
    """Finds the pins of one lock in files.

    `will_read` takes the files of a whole tree that the walk met, `results` says what is in all files.
    """

    def __init__(self, root: str, lock: Lock, watch: Watch | None, boundary: Boundary) -> None:
        self.literals = literal_anchors(lock.groups)
        self._anchors = recorded_anchors(lock.groups)
        self._boundary = boundary
        self._root = root
        self._watch = watch
        self._wanted = wanted_by(lock.groups)
        self._words = needles(self._wanted)
        self._recorded = {site.partition("#")[0] for site in lock.sites}
        self._search = WordSearch(root, self._words)
        # The files that the search reads, each with its state before that.
        self._searched: dict[str, os.stat_result | None] = {}

    def will_read(self, paths: Iterable[str]) -> None:
        """Start the search of the files that the walk found, but for those that must be read in any case."""
        recorded, watch, searched = self._recorded, self._watch, self._searched
        if watch is None:
            searched.update(dict.fromkeys([path for path in paths if path not in recorded]))
        else:
            for path in paths:
                if path not in recorded and not watch.has_findings(path):
                    try:
                        searched[path] = os.lstat(f"{self._root}/{path}")
                    except OSError:
                        continue
        self._search.add(*searched)

    def results(
        self, paths: Iterable[tuple[str, str | None]]
    ) -> Iterator[tuple[str, Found | ParseError | Markers | None]]:
        """Yield each file with its result, in order, but not the files without a wanted word. Raises FiBumpError."""
        # The recorded files are read while the search runs. What is wrong with one is said when its turn comes.
        early: dict[str, Found | ParseError | Markers | None] = {}
        failed: dict[str, FiBumpError] = {}
        recorded = self._recorded
        for path, form in [each for each in paths if each[0] in recorded] if self._searched else ():
            try:
                early[path] = self.scan_file(path, form)
            except FiBumpError as error:
                failed[path] = error
        maybe, searched = self._search.maybe(), self._searched
        if self._watch is not None:
            for path in searched.keys() - maybe:
                self._watch.read(path, searched[path])
        for path, form in [each for each in paths if each[0] in maybe or each[0] not in searched]:
            if path in failed:
                raise failed[path]
            yield path, early[path] if path in early else self.scan_file(path, form)

    def scan_file(self, path: str, form: str | None) -> Found | ParseError | Markers | None:
        """Return the file's findings, a ParseError for a file that need not be parsed, or None without findings.

        A file with conflict markers has no findings: nobody can say which of its versions counts.
        """
        is_recorded = path in self._recorded
        watch = self._watch
        source = read_quietly(self._root, path, recorded=is_recorded, watch=watch, boundary=self._boundary)
        if source is None:
            return None
        known = watch.cached_found(path) if watch is not None else None
        what: Found | ParseError | Markers | None = _decoded(source, known)
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

    def examine(self, source: Source, form: str | None) -> Found | ParseError | Markers | None:
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
        if not spans or (_is_test(source.path) and not is_recorded):
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


def literal_anchors(groups: Iterable[Group]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Return the literal anchors that the lock records, by path, each with the packages of its group."""
    literals: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for group in groups:
        for site in group.sites:
            path, _, anchor = site.partition("#")
            if anchor.startswith(LITERAL):
                literals.setdefault(path, []).append((anchor, group.package_names))
    return literals


def recorded_anchors(groups: Iterable[Group]) -> dict[str, set[str]]:
    """Return the anchors that the lock records and a finder finds, by path."""
    anchors: dict[str, set[str]] = {}
    for group in groups:
        for site in group.sites:
            path, _, anchor = site.partition("#")
            if not anchor.startswith(LITERAL):
                anchors.setdefault(path, set()).add(anchor)
    return anchors


def look(
    source: Source,
    wanted: Wanted,
    literals: Iterable[tuple[str, tuple[str, ...]]] = (),
    anchors: Container[str] = (),
) -> Found:
    """Find the pins in one file: those of its format's finder, and the literals that the lock records there.

    A place that only a person can recognise as a pin is one if `anchors`, those that the lock records in the file, has
    its anchor. Where both claim the same characters the literal wins, since the lock records it; it takes over the
    guard of the pin that the finder found. Raises ParseError for a file that is not of its format.
    """
    form = format_of(source.path)
    found = Found(())
    if form:
        if may_contain(form, source, wanted):
            find = finder(form)
            found = with_bound_names(source, wanted, find, find(source, wanted))
        found = _with_recorded(with_former_names(source, wanted, form, found), anchors)
    if not literals:
        return found
    from fi_bump.formats import literal

    own = literal.find(source, literals)
    guards = [pin for pin in found.pins if pin.guard]
    literal_pins = [
        pin._replace(guard=next((each.guard for each in guards if overlap(each.span, pin.span)), None))
        for pin in own.pins
    ]
    taken = [pin.span for pin in literal_pins]

    def free(place: Pin | Unpinned | Floor) -> bool:
        return not any(overlap(place.span, span) for span in taken)

    pins = sorted([*literal_pins, *filter(free, found.pins)], key=lambda pin: pin.span)
    return Found(tuple(pins), (*filter(free, found.unpinned), *own.unpinned), tuple(filter(free, found.floors)))


def _with_recorded(found: Found, anchors: Container[str]) -> Found:
    """Return the findings with a pin for each place whose anchor the lock records."""
    recorded = [place for place in found.unpinned if place.anchor is not None and place.anchor in anchors]
    if not recorded:
        return found
    pins = sorted([*found.pins, *map(offered_pin, recorded)], key=lambda pin: pin.span)
    return found._replace(pins=tuple(pins), unpinned=tuple(each for each in found.unpinned if each not in recorded))


def offered_pin(place: Unpinned) -> Pin:
    """Return the pin that a place becomes once the lock records its anchor. Raises InternalError without an anchor."""
    if place.anchor is None:
        raise InternalError("this place has no anchor", place=str(place.place))
    return make_pin(place.source, *place.span, place.anchor, Kind.LITERAL, place.subject)


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have bytes in common."""
    return one.start < other.end and other.start < one.end


def watch_names(lock: Lock) -> object:
    """Return the part of a lock that decides which files are read and what is found in them, for `Watch`."""
    wanted = wanted_by(lock.groups)
    return [sorted(names) for names in wanted], lock.exclude, sorted(lock.sites)


def _paths(
    root: str,
    lock: Lock,
    below: tuple[str, ...],
    boundary: Boundary,
    watch: Watch | None,
    scanner: FileScanner,
) -> list[tuple[str, str | None]]:
    """Return every path to read with its format, including those that only a recorded literal leads to.

    Raises FileError for a recorded site in a file that exists and is not a file of the repository.
    """
    exclude = excluder(lock.exclude)
    paths: dict[str, str | None] = {}
    paths.update(files.candidates(root, exclude, below, watch, boundary))
    if not below:
        scanner.will_read(paths)
    for path in boundary.named_by_links:
        paths.pop(path, None)
    for group in lock.groups:
        for site in group.sites:
            path, _, anchor = site.partition("#")
            if path in paths or not _covers(below, path):
                continue
            refused = boundary.refusal(path)
            if refused is not None:
                raise FileError(refused, place=path, hint=f"forget its site: fi-bump site remove {quoted(site)}")
            if anchor.startswith(LITERAL) and files.is_regular(root, path):
                paths[path] = format_of(path)
    return [(path, paths[path]) for path in sorted(paths)]


def _covers(below: tuple[str, ...], path: str) -> bool:
    return not below or any(not top or path == top or path.startswith(top + "/") for top in below)


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
