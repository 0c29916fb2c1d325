"""Conflict markers, as git leaves them in a file that two branches changed. Pure: text in, hunks out.

The source of the rules is git-merge(1), "How conflicts are presented". A marker is seven or more equal characters at
the start of a line; the markers of one hunk have the same length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from fi_bump.pins import Span

_MARKER = re.compile(rb"^(?:(<{7,})|(\|{7,})|(={7,})|(>{7,}))(?:[ \t][^\n]*)?\r?(?:\n|\Z)", re.MULTILINE)


class Hunk(NamedTuple):
    """One conflict: the span from its first marker to the end of its last, and the spans of what each side has.

    `base` is what both sides began with; None where the file does not show it (`merge.conflictStyle=merge`).
    """

    span: Span
    ours: Span
    base: Span | None
    theirs: Span


def hunks(data: bytes) -> list[Hunk]:
    """Return the whole hunks of a file, in order; a marker without its partners is in none of them."""
    found: list[Hunk] = []
    opening: re.Match[bytes] | None = None
    base: re.Match[bytes] | None = None
    middle: re.Match[bytes] | None = None
    for match in _MARKER.finditer(data):
        first, bar, equals, last = match.groups()
        if opening is None or (first and len(first) == len(opening[1])):
            opening, base, middle = (match, None, None) if first else (None, None, None)
        elif len((first or bar or equals or last).strip()) != len(opening[1]):
            continue  # of a conflict inside the common ancestor, which has longer markers
        elif bar and middle is None:
            base = match
        elif equals and middle is None:
            middle = match
        elif last and middle is not None:
            ours = Span(opening.end(), (base or middle).start())
            old = Span(base.end(), middle.start()) if base else None
            span = Span(opening.start(), match.end())
            found.append(Hunk(span, ours, old, Span(middle.end(), match.start())))
            opening = None
    return found


def marked(data: bytes) -> list[Span]:
    """Return the first marker of each conflict, and each opening or closing marker that is in no whole hunk."""
    whole = hunks(data)
    first = {hunk.span.start for hunk in whole}
    spans = []
    for match in _MARKER.finditer(data):
        inside = any(hunk.span.start < match.start() < hunk.span.end for hunk in whole)
        if match.start() in first or ((match[1] or match[4]) and not inside):
            spans.append(Span(match.start(), match.start() + len(match[0].rstrip(b"\r\n"))))
    return spans


def chosen(data: bytes, choose: Callable[[Hunk], bytes]) -> bytes:
    """Return the file with every hunk replaced by what `choose` returns for it."""
    pieces, position = [], 0
    for hunk in hunks(data):
        pieces += [data[position : hunk.span.start], choose(hunk)]
        position = hunk.span.end
    return b"".join([*pieces, data[position:]])


def side(data: bytes, *, ours: bool) -> bytes:
    """Return the file as one side has it, without markers; those that are in no whole hunk are left out too."""
    text = chosen(data, lambda hunk: _cut(data, hunk.ours if ours else hunk.theirs))
    return _MARKER.sub(lambda match: b"" if match[1] or match[4] else match[0], text)


def _cut(data: bytes, span: Span) -> bytes:
    return data[span.start : span.end]
