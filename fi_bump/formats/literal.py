"""Pins that no other finder recognises and that the lock records by their text: `literal:expected = "{version}"`.

The text around `{version}` must be on one line, exactly once in the file. The mark is at every place of the version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fi_bump.grammar import LITERAL, LITERAL_MARK, VERSION, name_pattern
from fi_bump.pins import Found, Kind, Pin, Source, Span, Unpinned, make_pin
from fi_bump.records import NamedTuple

# How many bytes before a version its package may be named.
_REACH = 400


def find(source: Source, wanted: Iterable[tuple[str, tuple[str, ...]]]) -> Found:
    """Return one pin per (anchor, its possible packages); an anchor that matches several times is reported instead.

    The pin's package is the one that the anchor names, else the last one named in the text before, else the first.
    """
    pins: list[Pin] = []
    unpinned: list[Unpinned] = []
    for anchor, packages in wanted:
        found = places(source, anchor)
        if len(found) == 1:
            first, *others = found[0].versions
            subject = _subject(source, first.start, anchor, packages)
            pin = make_pin(source, *first, anchor, Kind.LITERAL, subject)
            pins.append(pin._replace(repeats=tuple(others)) if others else pin)
        elif found:
            reason = f"'{anchor}' matches {len(found)} times in this file; it must match exactly once"
            unpinned.append(Unpinned(source, found[1].versions[0], packages[0], reason))
    return Found(tuple(sorted(pins, key=lambda pin: pin.span)), tuple(unpinned))


def _subject(source: Source, offset: int, anchor: str, packages: tuple[str, ...]) -> str:
    for text in (anchor.encode(), source.data[max(offset - _REACH, 0) : offset]):
        last = {name: match.start() for name in packages for match in _name(name).finditer(text)}
        if last:
            return max(last, key=lambda name: (last[name], len(name)))
    return packages[0]


def _name(package: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![A-Za-z0-9])" + name_pattern(package) + rb"(?![A-Za-z0-9])", re.IGNORECASE)


class LiteralPlace(NamedTuple):
    """A match of a literal anchor: the spans of the version, the same text at each, and the span of the whole text."""

    versions: tuple[Span, ...]
    whole: Span


def places(source: Source, anchor: str) -> list[LiteralPlace]:
    """Return every match of a literal anchor."""
    parts = [re.escape(part.encode("utf-8")) for part in anchor.removeprefix(LITERAL).split(LITERAL_MARK)]
    # Where the anchor has no text at one end, the version must end there: `0.6.1` is not in `10.6.1` or `0.6.1.post2`.
    head = parts[0] or rb"(?<![0-9A-Za-z.])"
    tail = parts[-1] or rb"(?![0-9A-Za-z]|[.+!-][0-9A-Za-z])"
    again = b"".join([part + rb"((?P=version))" for part in parts[1:-1]])
    pattern = re.compile(head + rb"((?P<version>(?i:" + VERSION + rb")))" + again + tail)
    return [
        LiteralPlace(tuple([Span(*match.span(each)) for each in (1, *range(3, len(parts) + 1))]), Span(*match.span()))
        for match in pattern.finditer(source.data)
    ]
