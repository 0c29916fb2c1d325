"""Find the pins in a commit, without a checkout: the files are git's objects."""

from __future__ import annotations

from fi_bump.boundary import left_out
from fi_bump.boundary.inside import Boundary
from fi_bump.errors import ParseError
from fi_bump.formats.by_name import format_of
from fi_bump.git import refs
from fi_bump.git.refs import TreeFile
from fi_bump.lock.records import LOCK_NAME, Lock
from fi_bump.pins import Floor, Pin, Place, Source, Unpinned
from fi_bump.scanning.asked import needles, wanted_by
from fi_bump.scanning.file_scanner import FileScanner, Markers
from fi_bump.scanning.in_tests import split_tests
from fi_bump.scanning.scan import Scan

# The objects in which no word of a lock occurs, by the words: most files are the same on all branches.
Nameless = dict[tuple[bytes, ...], set[str]]


def scan_commit(root: str, commit: str, lock: Lock, nameless: Nameless) -> Scan:
    """Find every pin of the lock's groups in a commit, as `scan` does in a checkout of it.

    It follows no link, because the file behind a link is read under its own path, and enters no submodule.
    `nameless` is shared between the commits of one repository. Raises ParseError like `scan`, and FiBumpError if git
    does not have a file here.
    """
    scanner = FileScanner(root, lock, None, Boundary(root))
    without = nameless.setdefault(needles(wanted_by(lock.groups)), set())
    wanted = [file for file in _candidates(refs.tree(root, commit), lock, scanner) if file.blob not in without]
    texts: dict[str, list[str]] = {}
    for file in wanted:
        texts.setdefault(file.blob, []).append(file.path)
    pins: list[Pin] = []
    unpinned: list[Unpinned] = []
    floors: list[Floor] = []
    unparsed: list[tuple[str, ParseError]] = []
    conflicts: list[Place] = []
    for blob, data in refs.blobs(root, list(texts)):
        if not any(scanner.may_have_pins(path, data) for path in texts[blob]):
            without.add(blob)
            continue
        for path in texts[blob]:
            what = scanner.examine(Source(path, data), format_of(path))
            if isinstance(what, ParseError):
                unparsed.append((path, what))
            elif isinstance(what, Markers):
                conflicts += what.places
            elif what is not None:
                pins += what.pins
                unpinned += what.unpinned
                floors += what.floors
    kept, in_tests = split_tests(sorted(pins, key=lambda pin: (pin.source.path, pin.span)), lock)
    return Scan(
        pins=kept,
        unpinned=tuple(sorted(unpinned, key=lambda place: (place.source.path, place.span))),
        floors=tuple(sorted(floors, key=lambda floor: (floor.source.path, floor.span))),
        unparsed=tuple(sorted(unparsed, key=lambda each: each[0])),
        below=(),
        conflicts=tuple(sorted(conflicts)),
        in_tests=in_tests,
    )


def _candidates(files: list[TreeFile], lock: Lock, scanner: FileScanner) -> list[TreeFile]:
    """Return the files that the walk of a checkout would reach, and that have a format or a recorded literal."""
    exclude = left_out.excluder(lock.exclude)
    borders = _borders(files)
    return [
        file
        for file in files
        if (format_of(file.path) is not None or file.path in scanner.literals)
        and file.path != LOCK_NAME
        and left_out.refusal(file.path) is None
        and not (exclude and exclude.match(file.path))
        and not any(file.path.startswith(border) for border in borders)
    ]


def _borders(files: list[TreeFile]) -> set[str]:
    """Return the folders, each with a slash at its end, that are not part of the repository."""
    parts = [file.path.rpartition("/") for file in files]
    listed: dict[str, set[str]] = {folder: set() for folder, _, name in parts if folder and name in left_out.MARKING}
    for file in files if listed else ():
        words = file.path.split("/")
        for depth in range(1, len(words)):
            within = listed.get("/".join(words[:depth]))
            if within is not None:
                within.add(words[depth])
    return {f"{folder}/" for folder, within in listed.items() if left_out.is_marked(within)}
