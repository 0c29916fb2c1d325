"""Read the files that can contain pins, and run the finders on them: only here do reading and finding meet."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from fi_bump.boundary.inside import Boundary
from fi_bump.boundary.left_out import excluder
from fi_bump.errors import FileError, ParseError, quoted
from fi_bump.formats.by_name import REQUIREMENT_ENDINGS, format_of
from fi_bump.formats.table import OTHER
from fi_bump.grammar import LITERAL
from fi_bump.lock.records import Lock
from fi_bump.pins import Floor, Found, Pin, Place, Unpinned
from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.scanning import files
from fi_bump.scanning.asked import recorded_anchors, wanted_by
from fi_bump.scanning.file_scanner import FileScanner, Markers
from fi_bump.scanning.in_tests import split_tests

if TYPE_CHECKING:
    from fi_bump.scanning.cache import Watch

# How many files are listed before grep is told of them.
_AT_A_TIME = 500


class WordFiles(NamedTuple):
    """Which files of a whole tree may have one of some lower-case words.

    `maybe` are those with a format, and `unread` all files without one: a scan does not read these.
    """

    words: frozenset[bytes]
    maybe: frozenset[str]
    unread: frozenset[str]


class Scan(NamedTuple):
    """What was found in the files that were read, sorted by path and place.

    `below` are the paths that limit the scan (empty: the whole tree). `unparsed` are the files that name a subject but
    cannot be parsed, and in which the lock records no site. `paths` is every file that was read, with its format, in no
    order, and `skipped` every file that the cache allowed to skip. `links_out` are the links with the name of a format
    that lead out of the repository; nothing was read there. `conflicts` are the conflict markers in files that have a
    pin on one of the sides, or in which the lock records a site; nothing else of these files is in the scan. `in_tests`
    are versions in strings of test files, which are pins only if the lock records them. `borders` are the folders
    with a lock of their own; nothing was read there. `worded` are the files with a word of the lock or one that the
    caller of the scan has given, or None if it gave none, or if not all files were read for them.
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
    worded: WordFiles | None = None

    @property
    def all_paths(self) -> list[tuple[str, str | None]]:
        """The read and the skipped paths with their formats, sorted."""
        return [*_all_paths(self.paths, self.skipped)]

    def covers(self, path: str) -> bool:
        """Whether the scan included this path, or would have if the path existed."""
        return _covers(self.below, path)


# A command that goes online asks three times, and a tree may have thousands of files.
@lru_cache(maxsize=1)
def _all_paths(paths: tuple[tuple[str, str | None], ...], skipped: tuple[str, ...]) -> list[tuple[str, str | None]]:
    return sorted([*paths, *((path, format_of(path)) for path in skipped)])


def scan(
    root: str,
    lock: Lock,
    paths: Iterable[str] = (),
    watch: Watch | None = None,
    *,
    quiet: bool = False,
    words: Iterable[bytes] = (),
) -> Scan:
    """Find every pin of the lock's groups in `paths` (the whole root if there are none).

    With `watch`, files without findings that have not changed since the last check are skipped. A terminal shows that
    a scan takes long, unless `quiet`. `words` are lower-case words of which the caller wants to know the files.

    Raises FileError for a file that cannot be read, and ParseError for a file that is not of its format, except where
    the name decides the format only roughly (any .json) and the lock records no site in the file.
    """
    if quiet or not sys.stderr.isatty():
        return _scan(root, lock, paths, watch, tuple(words))
    from fi_bump.terminal.waiting import waiting

    with waiting("reading the repository"):
        return _scan(root, lock, paths, watch, tuple(words))


def _scan(root: str, lock: Lock, paths: Iterable[str], watch: Watch | None, words: tuple[bytes, ...]) -> Scan:
    below = tuple(files.relative(root, path) for path in paths)
    boundary = Boundary(root)
    words = words if not below and watch is None else ()
    scanner = FileScanner(root, lock, watch, boundary, words)
    left = files.Leftovers()
    try:
        looked_at = _paths(root, lock, below, boundary, watch, scanner, left)
        results = list(scanner.results(looked_at))
    finally:
        scanner.end()
    found: list[Found] = []
    unparsed: list[tuple[str, ParseError]] = []
    conflicts: list[Place] = []
    for path, what in results:
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
        paths=tuple(looked_at.items()),
        skipped=tuple(watch.skipped) if watch is not None else (),
        links_out=tuple(sorted(path for path in boundary.links_out if format_of(path) not in (None, OTHER.name))),
        conflicts=tuple(conflicts),
        in_tests=in_tests,
        borders=tuple(sorted(boundary.borders)),
        worded=_worded(scanner, left, boundary) if words else None,
    )


def _worded(scanner: FileScanner, left: files.Leftovers, boundary: Boundary) -> WordFiles:
    # The target of a link that is read under the name of the link is not read under its own.
    unread = frozenset([*left.others, *boundary.named_by_links])
    return WordFiles(scanner.words, scanner.maybe - left.extra, unread)


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
    left: files.Leftovers,
) -> dict[str, str | None]:
    """Return every path to read with its format, including those that only a recorded literal leads to.

    Raises FileError for a recorded site in a file that exists and is not a file of the repository.
    """
    exclude = excluder(lock.exclude)
    paths: dict[str, str | None] = {}
    walked = files.candidates(root, exclude, below, watch, boundary, left)
    while some := dict(islice(walked, _AT_A_TIME)):
        paths.update(some)
        if not below:
            # grep reads these files while the next ones are listed.
            scanner.will_read(some)
    scanner.will_read_no_more()
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
                left.extra.add(path)
    for path in recorded_anchors(lock.groups):
        if paths.get(path) == OTHER.name and path.endswith(REQUIREMENT_ENDINGS):
            paths[path] = "requirements"
    return paths


def _covers(below: tuple[str, ...], path: str) -> bool:
    return not below or any(not top or path == top or path.startswith(top + "/") for top in below)
