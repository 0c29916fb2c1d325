"""Parts of a file that are in another format: a script table in a comment, commands in a string, cells of a notebook.

A part has as many bytes as the place in the file that it is read from. What the other format would not understand is
blank in it, so that a byte offset in the part, plus the offset of the part, is a byte offset in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from fi_bump.errors import ParseError
from fi_bump.grammar import LazyPattern
from fi_bump.pins import (
    BY_HAND,
    Floor,
    Found,
    Guard,
    Mark,
    Pin,
    Source,
    Span,
    Unpinned,
    VariableUse,
    Wanted,
    number_anchors,
)
from fi_bump.records import NamedTuple

Finder = Callable[[Source, Wanted], Found]

_NUMBER = re.compile(r" \([0-9]+\)\Z")
_NO_LINE_END = LazyPattern(rb"[^\r\n]")
_ESCAPE = LazyPattern(rb"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|\r?\n|.)", re.DOTALL)
_MEANINGS = {b"\\n": b" \n", b"\\t": b" \t", b"\\r": b"  "}


class FilePart(NamedTuple):
    """The text of a part, the byte offset of its first byte in the file, and what begins the anchors of its pins."""

    data: bytes
    start: int = 0
    prefix: str = ""


def blank(data: bytes) -> bytes:
    """Return as many bytes, all of them blanks but the line ends."""
    return _NO_LINE_END.sub(b" ", data)


def unescaped(data: bytes) -> bytes:
    r"""Return the text between the quotes of a string with its escapes resolved, and blanks to keep its length.

    A line end that is written `\n` is one line end, and so on. An escape with a number is a word, so that a version
    with one is no version.
    """
    return _ESCAPE.sub(_meaning, data) if b"\\" in data else data


def _meaning(match: re.Match[bytes]) -> bytes:
    text = match[0]
    if text in _MEANINGS:
        return _MEANINGS[text]
    if len(text) > 2 and text[1:2] in b"ux":
        return b"x" * len(text)
    # A line end that is escaped joins two lines.
    return blank(text[:1]) + (b" " * (len(text) - 1) if text.endswith(b"\n") else text[1:])


def read_parts(source: Source, wanted: Wanted, find: Finder, parts: Iterable[FilePart]) -> Found:
    """Return what a finder finds in parts of a file, at its places in the file. A part with an error has nothing."""
    pins: list[Pin] = []
    unpinned: list[Unpinned] = []
    floors: list[Floor] = []
    for part in parts:
        try:
            found = find(Source(source.path, part.data), wanted)
        except ParseError:
            continue
        move = _Moved(source, part)
        pins += [pin for each in found.pins if (pin := move.pin(each)) is not None]
        unpinned += [move.place(each) for each in found.unpinned]
        floors += [each._replace(source=source, span=move.span(each.span)) for each in found.floors]
    return Found(number_anchors(pins), tuple(unpinned), tuple(floors))


def together(*several: Found) -> Found:
    """Return everything that was found, in the order of the file, each pinned or reported place once."""
    pins: dict[Span, Pin] = {}
    unpinned: dict[Span, Unpinned] = {}
    floors: dict[Span, Floor] = {}
    uses: dict[Span, VariableUse] = {}
    for found in several:
        for pin in found.pins:
            pins.setdefault(pin.span, pin._replace(anchor=_NUMBER.sub("", pin.anchor)))
        for place in found.unpinned:
            unpinned.setdefault(place.span, place)
        for floor in found.floors:
            floors.setdefault(floor.span, floor)
        for use in found.uses:
            uses.setdefault(use.span, use)
    return Found(
        number_anchors(list(pins.values())),
        tuple([unpinned[span] for span in sorted(unpinned) if span not in pins]),
        tuple([floors[span] for span in sorted(floors)]),
        tuple([uses[span] for span in sorted(uses)]),
    )


def reported(source: Source, found: Found, reason: str) -> list[Unpinned]:
    """Return a report for every pin, and the reports that have a mark; in the order of the file.

    What a person can record as a pin has the same reason as a pin.
    """
    places = [Unpinned(source, pin.span, pin.subject, reason) for pin in found.pins]
    for each in found.unpinned:
        if each.mark:
            is_gate = each.mark is Mark.EXACT_GATE and each.reason.endswith(BY_HAND)
            places.append(each._replace(reason=reason) if is_gate else each)
    return sorted(places, key=lambda place: place.span)


class _Moved:
    """Translates what was found in a part to the file."""

    def __init__(self, source: Source, part: FilePart) -> None:
        self._source = source
        self._part = part

    def span(self, span: Span) -> Span:
        return Span(span.start + self._part.start, span.end + self._part.start)

    def pin(self, pin: Pin) -> Pin | None:
        """Return the pin, or None if the file spells its version in another way than the part."""
        moved = pin._replace(
            source=self._source,
            span=self.span(pin.span),
            anchor=self._part.prefix + _NUMBER.sub("", pin.anchor),
            hashes=tuple(map(self.span, pin.hashes)),
            repeats=tuple(map(self.span, pin.repeats)),
            guard=self._guard(pin.guard),
        )
        same = moved.version == pin.version
        same = same and all(self._source.text(span) == pin.version for span in moved.repeats)
        return moved if same else None

    def place(self, place: Unpinned) -> Unpinned:
        anchor = None if place.anchor is None else self._part.prefix + place.anchor
        return place._replace(source=self._source, span=self.span(place.span), anchor=anchor)

    def _guard(self, guard: Guard | None) -> Guard | None:
        return guard._replace(checksums=tuple(map(self.span, guard.checksums))) if guard else None
