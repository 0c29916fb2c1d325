"""Pins that no other finder recognises and that the lock records by their text: `literal:expected = "{version}"`.

The text before and after `{version}` must be on one line, exactly once in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fi_bump.grammar import LITERAL, LITERAL_MARK, VERSION, name_pattern
from fi_bump.pins import Found, Kind, Pin, Source, Span, Unpinned, make_pin

# How many bytes before a version its package may be named.
_REACH = 400


def find(source: Source, wanted: Iterable[tuple[str, tuple[str, ...]]]) -> Found:
    """Return one pin per (anchor, its possible packages); an anchor that matches several times is reported instead.

    The pin's package is the one that the anchor names, else the last one named in the text before, else the first.
    """
    pins: list[Pin] = []
    unpinned: list[Unpinned] = []
    for anchor, packages in wanted:
        spans = places(source, anchor)
        if len(spans) == 1:
            subject = _subject(source, spans[0].start, anchor, packages)
            pins.append(make_pin(source, *spans[0], anchor, Kind.LITERAL, subject))
        elif spans:
            reason = f"'{anchor}' matches {len(spans)} times in this file; it must match exactly once"
            unpinned.append(Unpinned(source, spans[1], packages[0], reason))
    return Found(tuple(sorted(pins, key=lambda pin: pin.span)), tuple(unpinned))


def _subject(source: Source, offset: int, anchor: str, packages: tuple[str, ...]) -> str:
    for text in (anchor.encode(), source.data[max(offset - _REACH, 0) : offset]):
        last = {name: match.start() for name in packages for match in _name(name).finditer(text)}
        if last:
            return max(last, key=lambda name: (last[name], len(name)))
    return packages[0]


def _name(package: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![A-Za-z0-9])" + name_pattern(package) + rb"(?![A-Za-z0-9])", re.IGNORECASE)


def places(source: Source, anchor: str) -> list[Span]:
    """Return the spans of the versions at every match of a literal anchor."""
    before, after = (re.escape(part.encode("utf-8")) for part in anchor.removeprefix(LITERAL).split(LITERAL_MARK))
    # Where the anchor has no text at one end, the version must end there: `0.6.1` is not in `10.6.1` or `0.6.1.post2`.
    head = before or rb"(?<![0-9A-Za-z.])"
    tail = after or rb"(?![0-9A-Za-z]|[.+!-][0-9A-Za-z])"
    pattern = re.compile(head + rb"(?P<version>(?i:" + VERSION + rb"))" + tail)
    return [Span(*match.span("version")) for match in pattern.finditer(source.data)]
