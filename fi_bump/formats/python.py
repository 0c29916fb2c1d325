"""Pins in Python files: strings that are requirements. Exact gates, constants and run-time checks are reported.

A gate (`if v != "0.6.1"`) or a constant is a person's decision about one release, and its result changes silently when
the version moves: every check reports it, and no command moves it. Ordered comparisons
(`Version(v) < Version("0.6.1")`), docstrings and comments are ignored.

A pin's anchor names what its string belongs to, from the outermost bracket inwards: `setup.extras_require.vllm/kit`,
`pip_install/kit`. Unlike a running number it stays the same when lines move or neighbours are added.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from fi_bump.formats.python_built_requirements import BoundConstants
from fi_bump.formats.python_literals import Literal, installs, is_searched, literals, runs, scope
from fi_bump.formats.python_names import may_clone, names_of
from fi_bump.formats.python_neighbours import Neighbours
from fi_bump.formats.python_tables import ReleaseTable
from fi_bump.formats.python_version_strings import GateReader
from fi_bump.formats.shared.addresses import PATH
from fi_bump.formats.shared.parts import together
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.requirement_address import Addressed, guarded, judge_address
from fi_bump.formats.shared.requirement_text import NO_VERSION, Requirement, judge, named, without_marker
from fi_bump.formats.shared.searches import searches
from fi_bump.formats.shared.units import units
from fi_bump.formats.shared.unversioned import unversioned
from fi_bump.grammar import LOCAL, VERSION, LazyPattern, has_any, variable_of
from fi_bump.pins import (
    BY_HAND,
    Floor,
    Found,
    Mark,
    Pin,
    Source,
    Span,
    Unpinned,
    VariableUse,
    Wanted,
    number_anchors,
    number_offers,
)

# The placeholder version of a package that was never released.
_PLACEHOLDER = LazyPattern(rb"0(?:\.0)*(?:\+|\Z)")
_ADDRESS = LazyPattern(rb"(?:git\+\w+|https?)://[^\s\"'`;|&<>()\\]+")
_FILE = LazyPattern(rb"[\w.+!%/~-]{1,300}\.(?:whl|tar\.gz|zip)\Z")
# A checksum. It is a URL's checksum if `Neighbours` says that it is beside it.
_DIGEST = LazyPattern(
    rb"(?:sha(?:256|512)[:=-])?[0-9a-f]{64}(?:[0-9a-f]{64})?\Z|sha(?:256-[\w+/]{43}=|512-[\w+/]{86}==)\Z", re.IGNORECASE
)
_SHORTEST_DIGEST, _LONGEST_DIGEST = 51, 140
_SUMMED = "its checksum is beside it; update both together"
# The text between two strings that Python joins.
_GOES_ON = LazyPattern(rb"(?:[\s\\+]|#[^\n]*\n)*\Z")
_RELEASE = LazyPattern(rb"v?(?P<version>" + VERSION + rb")" + rb"(?:" + LOCAL + rb")?\Z", re.IGNORECASE)
_TEMPLATE = LazyPattern(rb"%[(sd]|\{")
# A line of a string, which may end with an escape such as `\n`.
_LINE = LazyPattern(rb"(?:\\[nrt])*((?:[^\n\\]|\\(?![nrt]))+)")
_SHELL_WORD = LazyPattern(rb"[^\s\"'`;|&<>]+(?:[=!<>~]=[^\s\"'`;|&<>]*)?")
# A version that a person wrote; in a regular expression there are other characters (`==(\\d+\\.\\d+)?`).
_CLEAN = LazyPattern(rb"(?:===?[\w.+!*${}-]+|@ *\S+)\s*\Z")
# Every requirement with a version contains one of these.
_MARKS = (b"=", b"<", b">", b"@")
_COMMAND = LazyPattern(rb"\b(?:pip3?|uv|install|add|requirements)\b")
_LIST = LazyPattern(rb"\s*(?:(?:--?[A-Za-z][\w-]*|[\w.\[\],-]+[=!<>~]=[^\s\\]+)(?:\s+|(?:\\n)*\Z))+\Z")

_LONGEST_NAME = 100
_MARK = LazyPattern(rb"[/|#,:@!~%^}][a-zA-Z0-9]*\Z")

_SET = f"set in a string: {BY_HAND}"


def find(source: Source, wanted: Wanted) -> Found:
    """Return the requirements in the strings of a Python file, and its exact gates. Takes any text, Python or not."""
    finder = _PythonFinder(source, wanted)
    git = _git_commands(source, wanted)
    finder.uses(git.uses)
    previous: Literal | None = None
    for literal in literals(source):
        if not literal.is_statement:
            finder.literal(literal, previous)
        previous = literal
    found = finder.found()
    if git.pins or git.unpinned:
        found = together(found, git._replace(uses=()))  # `finder` has judged the uses
    if b"# /// script" in source.data:
        # Imported here because few files are scripts with a table.
        from fi_bump.formats.python_script import script_tables

        found = together(found, script_tables(source, wanted))
    return found


def _git_commands(source: Source, wanted: Wanted) -> Found:
    """Return what the git commands in the strings of a file name."""
    if not may_clone(source, wanted):
        return Found(())
    # Imported here because few Python files clone a wanted repository.
    from fi_bump.formats.python_commands import git_commands

    return git_commands(source, wanted)


class _PythonFinder:
    """Finds the pins in a Python file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._data = source.masked
        self._wanted = wanted
        self._names = names_of(wanted)
        self._words = self._names.words
        self._gates = GateReader(source, wanted)
        self._table = ReleaseTable(source, wanted)
        self._items: list[Pin | Unpinned | Floor] = []
        # The strings that are checksums; and for each pin in a URL, by its span, the string and the place of the URL.
        self._digests: list[Literal] = []
        self._places: dict[Span, tuple[Literal, Addressed]] = {}
        # The versions in names of folders and files, each with its string.
        self._units: list[tuple[Literal, Span]] = []
        self._bound = BoundConstants(source, wanted)

    def uses(self, uses: tuple[VariableUse, ...]) -> None:
        """Add the variables that commands take a version from."""
        for use in uses:
            self._bound.add(use)

    def found(self) -> Found:
        """Return everything in the order of the file."""
        table = self._table.found(self._digests)
        digests, units_of = Neighbours(self._digests), Neighbours(literal for literal, _ in self._units)
        taken = {span for pin in self._items if isinstance(pin, Pin) for span in (pin.span, *pin.repeats)}
        items = [self._with_units(self._guarded(item, digests), units_of, taken) for item in self._items]
        if table is not None:
            # The file name that Spack's `pypi` gives is an example; it computes the others from it.
            items = [table, *(item for item in items if not (isinstance(item, Unpinned) and item.reason == PATH))]
        constants = self._bound.pins()
        items = _without(items, sorted(pin.span for pin in constants))
        items = sorted([*items, *constants], key=lambda item: item.span)
        pins = number_anchors([item for item in items if isinstance(item, Pin)])
        return Found(
            pins,
            number_offers([item for item in items if isinstance(item, Unpinned)], [pin.anchor for pin in pins]),
            tuple(item for item in items if isinstance(item, Floor)),
            self._bound.unset(),
        )

    def _with_units(
        self, item: Pin | Unpinned | Floor, neighbours: Neighbours, taken: set[Span]
    ) -> Pin | Unpinned | Floor:
        """Return the item, with the folders and files of its version in the same call if it is the pin of a URL.

        `taken` are the places that belong to a pin already; those of this item are added.
        """
        if not isinstance(item, Pin) or item.span not in self._places:
            return item
        literal, _ = self._places[item.span]
        beside = [
            span
            for other, span in map(self._units.__getitem__, neighbours.of(literal))
            if span not in taken and other.brackets and self._source.text(span) == item.version
        ]
        taken.update(beside)
        return item._replace(repeats=(*item.repeats, *beside))

    def _guarded(self, item: Pin | Unpinned | Floor, neighbours: Neighbours) -> Pin | Unpinned | Floor:
        """Return the item, with a guard if it is the pin of a URL that has a checksum beside it."""
        if not isinstance(item, Pin) or item.guard or item.span not in self._places:
            return item
        literal, place = self._places[item.span]
        checksums = tuple([self._digests[number].body for number in neighbours.of(literal)])
        return guarded(place, item, _SUMMED, checksums) if checksums else item

    def literal(self, literal: Literal, previous: Literal | None) -> None:
        """Judge one string; `previous` is the string before it."""
        body = self._data[literal.body.start : literal.body.end]
        if _SHORTEST_DIGEST <= len(body) <= _LONGEST_DIGEST and _DIGEST.match(body):
            self._digests.append(literal)
        elif body[:1].isdigit() or (body[:1] in (b"v", b"V") and body[1:2].isdigit()):
            if not _RELEASE.match(body) or _PLACEHOLDER.match(body):
                return
            self._bound.value(literal)
            gate = None if literal.is_template or b"." not in body else self._gates.classify(literal, previous)
            if self._table.row(literal):
                return
            if gate is not None:
                version = _RELEASE.match(self._data, *literal.body)
                self._items.append(
                    Unpinned(
                        source=self._source,
                        span=Span(*version.span("version")) if version and gate.anchor else literal.body,
                        subject=gate.subject,
                        reason=gate.reason,
                        mark=Mark.EXACT_GATE,
                        anchor=gate.anchor,
                    )
                )
        elif self._may_name(literal, previous) and not is_searched(self._source, literal):
            self._bound.text(literal, body)
            if literal.is_template:
                return
            for start, end in units(body, self._wanted):
                self._units.append((literal, Span(literal.body.start + start, literal.body.start + end)))
            self._unversioned(literal, body)
            self._addresses(literal, body, previous)
            if b"/" in body:
                self._table.address(body)
            if has_any(body, _MARKS) and self._is_named(body):
                for line in _LINE.finditer(self._data, *literal.body):
                    self._line(literal, Span(*line.span(1)))

    def _may_name(self, literal: Literal, previous: Literal | None) -> bool:
        """Whether a string can name anything wanted, alone or after the folder that the string before it is."""
        data, (start, end) = self._source.lowered, literal.body
        if previous and data[previous.body.end - 1 : previous.body.end] == b"/":
            start = previous.body.start
        for word in self._words:  # noqa: SIM110 - asked of every string: a generator costs as much as a search
            if data.find(word, start, end) >= 0:
                return True
        return False

    def _unversioned(self, literal: Literal, body: bytes) -> None:
        """Report a wanted package that is installed without a version: in a list of requirements, or a command."""
        start, found = literal.body.start, list(unversioned(body, self._wanted))
        # A text for people, such as an error message, may name a command too.
        if found and not runs(scope(self._source, literal)):
            return
        head = named(body) if not found and body[:1].isalpha() and len(body) <= _LONGEST_NAME else None
        if head is not None and head[1] == len(body) and head[0] in self._wanted.packages:
            names = scope(self._source, literal)
            if literal.brackets and installs(names):
                found = [(0, len(body), head[0])]
        for begin, end, package in found:
            span = Span(start + begin, start + end)
            self._items.append(Unpinned(self._source, span, package, NO_VERSION))

    def _is_named(self, body: bytes) -> bool:
        return any(names.search(body) for names in (self._names.requirement, self._names.assignment))

    def _addresses(self, literal: Literal, body: bytes, previous: Literal | None) -> None:
        """Judge a string that is a URL or a file name, or the URLs in a command.

        A file name is joined with the string before it if that string is a URL and Python joins the two.
        """
        folder = self._data[slice(*previous.body)] if previous else b""
        if (
            previous
            and folder.endswith(b"/")
            and _ADDRESS.match(folder)
            and _FILE.match(body)
            and _GOES_ON.match(self._data, previous.whole.end, literal.whole.start)
        ):
            self._items = [item for item in self._items if item.span.end <= previous.body.start]
            pieces = ((0, previous.body.start), (len(folder), literal.body.start))
            self._address(literal, Text(folder + body, pieces))
            return
        places = [match.span() for match in _ADDRESS.finditer(body)] if b"://" in body else []
        if not _COMMAND.search(body):
            places = [(0, len(body))] if places == [(0, len(body))] or _FILE.match(body) else []
        for start, end in places:
            self._address(literal, Text(body[start:end], ((0, literal.body.start + start),)))

    def _address(self, literal: Literal, passage: Text) -> None:
        end = len(passage.data)
        place = Addressed(
            source=self._source,
            passage=passage,
            start=0,
            end=end,
            wanted=self._wanted,
            anchor=None,
            broken_by="an escape",
        )
        item = judge_address(place)
        if isinstance(item, Pin):
            item = item._replace(anchor=f"{scope(self._source, literal) or 'string'}/{item.anchor}")
            self._places[item.span] = (literal, place)
        if item is not None:
            self._items.append(item)

    def _line(self, literal: Literal, line: Span) -> None:
        """Judge one line of a string: a requirement as a whole, or the requirements in an install command."""
        text = self._source.data[line.start : line.end]
        if _TEMPLATE.search(text):
            return
        head = named(text)
        if head is not None and head[0] in self._wanted.packages and self._requirement(literal, line, head):
            return
        for match in self._names.assignment.finditer(text):
            subject = variable_of(match["name"].decode("ascii"), self._wanted.variables)
            if subject is not None:
                where = Span(line.start + match.start("version"), line.start + match.end("version"))
                self._items.append(Unpinned(self._source, where, subject, _SET))
        if not (_COMMAND.search(text) or _LIST.match(text)):
            return
        described = searches(text)
        for match in self._names.requirement.finditer(text):
            if any(begin <= match.start() < end for begin, end in described):
                continue
            word = _SHELL_WORD.match(text, match.start())
            if word is not None:
                # In `s/OLD/NEW/` the mark after NEW is no part of it.
                requirement = _MARK.sub(b"", word[0]) if described else word[0]
                part = Span(line.start + word.start(), line.start + word.start() + len(requirement))
                found = named(requirement)
                if found is not None and found[0] in self._wanted.packages:
                    self._requirement(literal, part, found)

    def _requirement(self, literal: Literal, span: Span, head: tuple[str, int]) -> bool:
        """Add the requirement at `span`; return False if it has no version."""
        package, start = head
        text = self._source.data[span.start : span.end]
        passage = Text(text, ((0, span.start),))
        end = without_marker(text, start, len(text))
        names = scope(self._source, literal) or "string"
        anchor = f"{names}/{package}"
        item = judge(
            Requirement(
                source=self._source,
                passage=passage,
                package=package,
                start=start,
                end=end,
                anchor=anchor,
                broken_by="an escape",
                wanted=self._wanted,
            )
        )
        # Prose and bare names also begin with a package's name, so only a clean requirement counts.
        if item is None or (isinstance(item, Unpinned) and not _CLEAN.match(text, start, end)):
            return False
        self._items.append(item)
        return True


def _without(items: list[Pin | Unpinned | Floor], values: list[Span]) -> list[Pin | Unpinned | Floor]:
    """Return the items around none of the values, which are in order."""
    starts = [value.start for value in values]
    kept = []
    for item in items:
        first = bisect_left(starts, item.span.start)
        if first == len(values) or values[first].end > item.span.end:
            kept.append(item)
    return kept
