"""The vocabulary: where a version is (`Span`, `Place`, `Source`), what pins it (`Pin`), how it changes (`Edit`).

Formats find pins; only `splice` changes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from fi_bump.boundary.here import shown
from fi_bump.errors import InternalError
from fi_bump.grammar import is_version
from fi_bump.records import NamedTuple

# The hint for a version that only a person can recognise as a pin; `check` completes the command.
BY_HAND = "update it by hand, or record it with fi-bump site add"
# The same for a version that a person may want to stay; `check` offers it only at the lock's version.
IF_IT_FOLLOWS = "; if it follows the lock, record it with fi-bump site add"
# What begins the anchor of a version in an image tag.
IMAGE = "image/"
BOM = b"\xef\xbb\xbf"
_MASK = bytes(range(128)) + b"x" * 128
# Up to so many occurrences of a word in a file are looked at one by one.
_FEW = 6


class Span(NamedTuple):
    """Half-open byte offsets into a source's data."""

    start: int
    end: int


class Place(NamedTuple):
    """Some characters of one line of a file, or the whole line. Lines and columns count from 1, columns in characters.

    `end_column` is one past the last character; it equals `column` where the line as a whole is meant. `text` is the
    line without its end and without a byte order mark, where a report has read it.
    """

    path: str
    line: int = 1
    column: int = 1
    end_column: int = 1
    text: str | None = None

    def __str__(self) -> str:
        """`path:line:column`, as a compiler writes it; the path is relative to where the user is."""
        return f"{shown(self.path)}:{self.line}:{self.column}"

    @property
    def at_line(self) -> str:
        """`path:line`."""
        return f"{shown(self.path)}:{self.line}"

    @property
    def marks(self) -> bool:
        """Whether it names characters, not only a line."""
        return self.end_column > self.column


class Kind(Enum):
    """The form of a pin."""

    REQUIREMENT = "requirement"
    VARIABLE = "variable"
    GIT_REF = "git-ref"
    URL = "url"
    LITERAL = "literal"


class Mark(Enum):
    """The reasons to review a place that cannot be moved; the values are kinds in a list of mentions."""

    EXACT_GATE = "exact gate"
    HASH_NEEDED = "hash needed"
    IMAGE_TAG = "image tag"
    LOCK_FILE = "lock file"


class Source:
    """One file's bytes, unchanged: no decoding, no newline translation, with the BOM.

    `path` is relative to the repository's root, with `/`.
    """

    __slots__ = ("_counted", "_lowered", "_masked", "_places", "data", "path")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self._masked: bytes | None = None
        self._lowered: bytes | None = None
        self._places: dict[bytes, list[int] | None] = {}
        # The offset that was asked for last, and the lines before it: places are asked for in the order of the file.
        self._counted = (0, 0)

    @property
    def lowered(self) -> bytes:
        """The data with its ASCII letters in lower case."""
        if self._lowered is None:
            self._lowered = self.data.lower()
        return self._lowered

    def places(self, word: bytes) -> list[int]:
        """Return the offsets of every occurrence of a lower-case word, in any case."""
        found = self.few_places(word)
        if found is None:
            found = self._places[word] = self._found(word, len(self.data))
        return found

    def few_places(self, word: bytes) -> list[int] | None:
        """Like `places`, but None where they are so many that a pattern finds what it looks for sooner."""
        if word not in self._places:
            found = self._found(word, _FEW)
            self._places[word] = found if len(found) <= _FEW else None
        return self._places[word]

    def _found(self, word: bytes, most: int) -> list[int]:
        """Return the offsets of a word, of which those beyond the first `most` and one more may be left out."""
        found: list[int] = []
        find, place = self.lowered.find, -1
        for _ in range(most + 1):
            place = find(word, place + 1)
            if place < 0:
                break
            found.append(place)
        return found

    @property
    def masked(self) -> bytes:
        """The data at the same length, every byte of 0x80 or more as `x` and a BOM as blanks, for matching."""
        if self._masked is None:
            # Most files have only ASCII characters, and this is known sooner than they are copied.
            masked = self.data if self.data.isascii() else self.data.translate(_MASK)
            if self.data.startswith(BOM):
                masked = b"   " + masked[3:]
            self._masked = masked
        return self._masked

    def text(self, span: Span) -> str:
        """Return the text at `span`."""
        return self.data[span.start : span.end].decode("utf-8", "replace")

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a byte offset, counted from 1; columns count characters, without a BOM."""
        start, lines = self._counted if offset >= self._counted[0] else (0, 0)
        lines += self.data.count(b"\n", start, offset)
        self._counted = (offset, lines)
        start = self.data.rfind(b"\n", 0, offset) + 1
        if start == 0 and self.data.startswith(BOM):
            start = len(BOM)
        return lines + 1, len(self.data[start:offset].decode("utf-8", "replace")) + 1

    def place(self, span: Span) -> Place:
        """Return the place of the characters at `span`."""
        line, column = self.position(span.start)
        return Place(self.path, line, column, column + len(self.text(span)))

    def line(self, offset: int) -> bytes:
        """Return the whole line around `offset`, without its line end."""
        start = self.data.rfind(b"\n", 0, offset) + 1
        end = self.data.find(b"\n", offset)
        return self.data[start : len(self.data) if end < 0 else end].rstrip(b"\r")


class Wanted(NamedTuple):
    """What a finder looks for: canonical package names, variable names in upper case, canonical repositories."""

    packages: frozenset[str]
    variables: frozenset[str]
    repositories: frozenset[str]


class Guard(NamedTuple):
    """Why a version must not move alone.

    `reason` is a clause for readers. `checksums` are the spans of the checksums that belong to the version, where the
    finder knows them; they change with it. `address` is the URL of the file that they are of, with `{version}` where
    the version is, if the file says so. With `linked` the pin is only seen through a link, so the lock does not record
    it: in another clone nothing may be there.
    """

    reason: str
    checksums: tuple[Span, ...] = ()
    address: str | None = None
    linked: bool = False


class Pin(NamedTuple):
    """One exact version at one place. `make_pin` makes it, and checks that the span holds a version.

    `subject` is what it pins, as the lock names it: a package, a variable or a repository, according to `kind`.
    `hashes` are the spans of the `algorithm:digest` texts that the file lists for this version; they change with it.
    `command` is the command that regenerates the file, if the file names it. `repeats` are other spans of the same
    version, as in the URL of a release's file; they change with `span`. A pin with a `guard` is compared with the lock
    like any other, but fi-bump moves it only together with its checksums.
    """

    source: Source
    span: Span
    anchor: str
    kind: Kind
    subject: str
    hashes: tuple[Span, ...] = ()
    command: str | None = None
    repeats: tuple[Span, ...] = ()
    guard: Guard | None = None

    @property
    def version(self) -> str:
        """The version's own characters: no operator, quote, `v` or local label."""
        return self.source.text(self.span)

    @property
    def site(self) -> str:
        """`path#anchor`, as the lock records it."""
        return f"{self.source.path}#{self.anchor}"

    @property
    def is_linked(self) -> bool:
        """Whether it is only seen through a link: it is compared with the lock, and not recorded."""
        return self.guard is not None and self.guard.linked

    @property
    def place(self) -> Place:
        """Where the version is."""
        return self.source.place(self.span)

    @property
    def package(self) -> str | None:
        """The package, where a requirement pins it; None for a variable, a repository or an address."""
        return self.subject if self.kind is Kind.REQUIREMENT else None


class Unpinned(NamedTuple):
    """A place that names a wanted subject but cannot be moved, and why.

    `version` is set if the place has an exact version that another tool writes: the place is drift if it differs from
    the group's version. `mark` is the reason to review it, if any; a tool regenerates a place with the mark LOCK_FILE
    from the pins. `rows` are the versions of a table of versions and checksums, which is in step if it has the group's.
    `variable` names the variable whose value is the version. `anchor` is set if the span is a version that fi-bump can
    move once the lock records that anchor.
    """

    source: Source
    span: Span
    subject: str
    reason: str
    version: str | None = None
    mark: Mark | None = None
    rows: tuple[str, ...] = ()
    anchor: str | None = None
    variable: str | None = None

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.source.place(self.span)


class Floor(NamedTuple):
    """A range on a wanted package (`>=0.6`): never moved, but reported if it excludes the lock's version."""

    source: Source
    span: Span
    subject: str
    specifier: str

    @property
    def place(self) -> Place:
        """Where the range is."""
        return self.source.place(self.span)


class VariableUse(NamedTuple):
    """A place that takes the version of `subject` from the variable of this name.

    `installs` is false for a variable that is set to another one, which is no place to report.
    """

    source: Source
    span: Span
    subject: str
    variable: str
    installs: bool = True


class Found(NamedTuple):
    """The results of one finder for one file, each list in the order of the file.

    `uses` only say which names to look for; `scan.look` makes pins or reports of them.
    """

    pins: tuple[Pin, ...]
    unpinned: tuple[Unpinned, ...] = ()
    floors: tuple[Floor, ...] = ()
    uses: tuple[VariableUse, ...] = ()


class Edit(NamedTuple):
    """A replacement of the bytes at `span`, which must be `old`, by `new`."""

    span: Span
    old: bytes
    new: bytes


def make_pin(source: Source, start: int, end: int, anchor: str, kind: Kind, subject: str) -> Pin:
    """Return a checked pin. Raises InternalError if the span does not hold a public PEP 440 version."""
    pin = Pin(source, Span(start, end), anchor, kind, subject)
    if not (0 <= start < end <= len(source.data)) or not is_version(pin.version):
        raise InternalError(f"the {kind.value} finder took {pin.version!r} for a version", place=source.path)
    return pin


def number_anchors(pins: list[Pin]) -> tuple[Pin, ...]:
    """Sort pins in the order of the file; the second and later pins of one anchor get ` (2)`, ` (3)` …"""
    seen: dict[str, int] = {}
    numbered = []
    for pin in sorted(pins, key=lambda pin: pin.span):
        count = seen[pin.anchor] = seen.get(pin.anchor, 0) + 1
        numbered.append(pin if count == 1 else pin._replace(anchor=f"{pin.anchor} ({count})"))
    return tuple(numbered)


def base_anchor(anchor: str) -> str:
    """Return an anchor without the number that `number_anchors` gave it."""
    base, _, number = anchor.rpartition(" (")
    return base if base and number.endswith(")") and number[:-1].isdigit() else anchor


def number_offers(places: Iterable[Unpinned], taken: Iterable[str]) -> tuple[Unpinned, ...]:
    """Return the places with anchors that differ from each other and from those of the pins, which are `taken`."""
    used = set(taken)
    numbered = []
    last: dict[str, int] = {}
    for place in places:
        anchor = place.anchor
        if anchor is not None:
            number = last.get(anchor, 1)
            while anchor in used:
                number += 1
                anchor = f"{place.anchor} ({number})"
            last[place.anchor or anchor] = number
            used.add(anchor)
        numbered.append(place if anchor == place.anchor else place._replace(anchor=anchor))
    return tuple(numbered)


def splice(data: bytes, edits: list[Edit]) -> bytes:
    """Return `data` with every edit applied. Raises InternalError if edits overlap or their old bytes differ."""
    pieces = []
    position = 0
    for edit in sorted(edits):
        if edit.span.start < position or data[edit.span.start : edit.span.end] != edit.old:
            raise InternalError(f"an edit at byte {edit.span.start} does not fit the file")
        pieces += [data[position : edit.span.start], edit.new]
        position = edit.span.end
    pieces.append(data[position:])
    return b"".join(pieces)
