"""Read the files that can hold pins and run the finders over them: the only place where reading and finding meet."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fi_bump import files
from fi_bump.errors import MEND_OR_EXCLUDE, FileError, ParseError
from fi_bump.formats import finder
from fi_bump.grammar import names_any
from fi_bump.lock import LOCK_NAME, Group, Lock
from fi_bump.pins import Floor, Found, Pin, Source, Unpinned, Wanted
from fi_bump.records import NamedTuple


class Scan(NamedTuple):
    """What stands in the files that were read, sorted by path and place.

    `below` are the paths the scan was limited to (empty: the whole tree), `unparsed` the files that name a subject
    but are not of their format and that no recorded site needs.
    """

    pins: tuple[Pin, ...]
    unpinned: tuple[Unpinned, ...]
    floors: tuple[Floor, ...]
    unparsed: tuple[tuple[str, ParseError], ...]
    below: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether the scan looked at (or for) this path."""
        return not self.below or any(not top or path == top or path.startswith(top + "/") for top in self.below)


def wanted_by(groups: Iterable[Group]) -> Wanted:
    """What the finders look for on behalf of these groups."""
    groups = tuple(groups)
    return Wanted(
        frozenset(member.name for group in groups for member in group.packages),
        frozenset(name for group in groups for name in group.variables),
        frozenset(name for group in groups for name in group.repositories),
    )


def needles(wanted: Wanted) -> tuple[bytes, ...]:
    """The shortest list of lower-case words of which every file with a pin holds at least one."""
    words = {max(name.split("-"), key=len) for name in wanted.packages}
    words |= {max(name.lower().split("_"), key=len) if "_" in name else name.lower() for name in wanted.variables}
    words |= {name.rpartition("/")[2] for name in wanted.repositories}
    words -= {"version"}
    words |= {name.lower() for name in wanted.variables if not any(word in name.lower() for word in words)}
    return tuple(sorted(word.encode() for word in words if not any(o in word and o != word for o in words)))


def scan(root: str, lock: Lock, paths: Iterable[str] = ()) -> Scan:
    """Every pin of the lock's groups below `paths` (all of the root when none is named).

    Raises FileError for a file that cannot be read and ParseError for one that is not of its format, except where
    that file only may be of the format (any .json) and the lock records no site in it.
    """
    below = tuple(files.relative(root, path) for path in paths)
    wanted = wanted_by(lock.groups)
    words = needles(wanted)
    recorded = {site.partition("#")[0] for group in lock.groups for site in group.sites}
    exclude = files.excluder(lock.exclude)
    found: list[Found] = []
    unparsed: list[tuple[str, ParseError]] = []
    for path, form in sorted(set(files.candidates(root, exclude, below))):
        source = _read(root, path, recorded=path in recorded)
        if source is None or not names_any(source.data, words):
            continue
        try:
            found.append(finder(form)(source, wanted))
        except ParseError as error:
            if form != "bake" or path in recorded:
                error.hint = error.hint or MEND_OR_EXCLUDE
                raise
            unparsed.append((path, error))
    return Scan(
        tuple(pin for each in found for pin in each.pins),
        tuple(place for each in found for place in each.unpinned),
        tuple(floor for each in found for floor in each.floors),
        tuple(unparsed),
        below,
    )


def _read(root: str, path: str, *, recorded: bool) -> Source | None:
    try:
        return files.read(root, path)
    except FileError:
        # A dangling link, a socket or a folder of a promising name is somebody's business, but not a pin.
        if recorded or files.is_regular(root, path):
            raise
        return None


def mentions(root: str, group: Group, exclude: re.Pattern[str] | None, old: str, pinned: set[str]) -> list[str]:
    """`path:line: text` of each line that still holds the old version near a name of the group.

    Near is the same line or one of the two before it. Binary files, files over 1 MB and `pinned` places are left out.
    """
    version = re.compile(rb"(?<![0-9A-Za-z.])v?" + re.escape(old.encode()) + rb"(?![0-9A-Za-z]|\.[0-9A-Za-z])")
    words = needles(wanted_by((group,)))
    lines = []
    for path in sorted(files.walk(root, exclude)):
        source = None if path == LOCK_NAME else _read(root, path, recorded=False)
        if source is None or len(source.data) > 1_000_000 or b"\0" in source.data:
            continue
        for match in version.finditer(source.data):
            line, _ = source.position(match.start())
            before = source.data.rfind(b"\n", 0, match.start()) + 1
            for _ in range(2):
                before = source.data.rfind(b"\n", 0, max(before - 1, 0)) + 1
            end = source.data.find(b"\n", match.end())
            near = source.data[before : end if end >= 0 else None]
            place = f"{path}:{line}"
            if names_any(near, words) and place not in pinned:
                text = source.line(match.start()).decode("utf-8", "replace").strip()
                entry = f"{place}: {text[:120]}"
                if entry not in lines:
                    lines.append(entry)
    return lines
