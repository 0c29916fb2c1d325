"""Places that no other finder recognises and the lock names by their text: `literal:expected = "{version}"`.

The text before and after `{version}` must stand on one line, exactly once in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fi_bump.grammar import LITERAL, LITERAL_MARK, VERSION
from fi_bump.pins import Found, Kind, Pin, Source, Span, Unpinned, make_pin


def find(source: Source, wanted: Iterable[tuple[str, str]]) -> Found:
    """The pin of each (anchor, subject); one whose text stands several times is reported instead."""
    pins: list[Pin] = []
    unpinned: list[Unpinned] = []
    for anchor, subject in wanted:
        spans = places(source, anchor)
        if len(spans) == 1:
            pins.append(make_pin(source, *spans[0], anchor, Kind.LITERAL, subject))
        elif spans:
            reason = f"'{anchor}' stands {len(spans)} times in this file, and must stand once"
            unpinned.append(Unpinned(source, spans[1], subject, reason))
    return Found(tuple(sorted(pins, key=lambda pin: pin.span)), tuple(unpinned))


def places(source: Source, anchor: str) -> list[Span]:
    """Where the text of a literal anchor stands: the spans of its versions."""
    before, after = (re.escape(part.encode("utf-8")) for part in anchor.removeprefix(LITERAL).split(LITERAL_MARK))
    # Without text at an end the version ends there itself: `0.6.1` is not in `10.6.1` or `0.6.1.post2`.
    head = before or rb"(?<![0-9A-Za-z.])"
    tail = after or rb"(?![0-9A-Za-z]|[.+!-][0-9A-Za-z])"
    pattern = re.compile(head + rb"(?P<version>(?i:" + VERSION + rb"))" + tail)
    return [Span(*match.span("version")) for match in pattern.finditer(source.data)]
