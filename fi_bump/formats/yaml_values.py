"""What the YAML finder gathers: one value in, a pin, an unpinned place or nothing out."""

from __future__ import annotations

import re
from bisect import bisect_left

from fi_bump.grammar import VERSION, LazyPattern
from fi_bump.pins import Floor, Found, Kind, Pin, Source, Span, Unpinned, make_pin, number_anchors

# A label may hold references (`0.6.1+cu${CUDA}`): the public part is exact all the same.
_RELEASE = LazyPattern(
    rb"(?:===?\s*)?(?:(?:refs/)?tags/)?v?(?P<version>" + VERSION + rb")(?:\+[\w.${}-]*)?\Z", re.IGNORECASE
)
# The value that holds where a reference has none: `${X:-V}`, `${{ inputs.x || 'V' }}`, `{{ x | default("V") }}`.
_DEFAULT = LazyPattern(
    rb"\$\{\w+:?[-=](?P<shell>[^{}]*)\}\Z|\$\{\{[^{}]*\|\|\s*'(?P<workflow>[^'{}]*)'\s*\}\}\Z"
    rb"|\{\{[^{}]*\|\s*default\(?\s*[\"'](?P<template>[^\"'{}]*)[\"'][^{}]*\}\}\Z"
)
_REFERENCE = LazyPattern(
    rb"\$?\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$\[[^\[\]]*\]|\$\w+|%\w+%|@\w+@|<<[^<>]*>>|\{%[^%]*%\}|`[^`]*`"
)
_RANGE = LazyPattern(rb"(?:(?:[~!<>]=|[<>])\s*[\w.*+!]+(?:\s*,\s*(?=[~!<>=]))?|===?\s*[\w.*+!]+\s*,\s*(?=[~!<>]))+\Z")
_COMMIT = LazyPattern(rb"[0-9]*[a-f][0-9a-f]*\Z", re.IGNORECASE)
_COMMIT_LENGTH = (7, 40)
_WRAPPING = b"\"'\\ \t\r\n"


def _is_commit(value: bytes) -> bool:
    shortest, longest = _COMMIT_LENGTH
    return shortest <= len(value) <= longest and (len(value) == longest or _COMMIT.match(value) is not None)


class Gathered:
    """The pins, unpinned places and floors met so far in one source; a place taken once is not taken again.

    Spans are the source's own; `masked` is what stands there.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.masked = source.masked
        self._pins: dict[Span, Pin] = {}
        self._unpinned: dict[Span, Unpinned] = {}
        self._floors: dict[Span, Floor] = {}

    def value(self, start: int, end: int, anchor: str, kind: Kind, subject: str, *, strict: bool = True) -> None:
        """Judge what stands at `start` to `end`, quotes and all, as the version of `subject`.

        Nothing, null and a reference are nothing; the default inside a reference (`${X:-0.6.1}`) is judged instead.
        Without `strict` only a release with a dot and a range are taken for versions, and nothing else is reported.
        """
        start, end = self._stripped(start, end)
        value = self.masked[start:end]
        release = _RELEASE.match(value)
        if release and not _is_commit(value) and (strict or b"." in value):
            span = Span(start + release.start("version"), start + release.end("version"))
            if span not in self._pins:
                self._pins[span] = make_pin(self.source, span.start, span.end, anchor, kind, subject)
            return
        default = _DEFAULT.match(value)
        if default:
            inner = default.span(default.lastgroup or 0)
            self.value(start + inner[0], start + inner[1], anchor, kind, subject, strict=strict)
        elif _RANGE.match(value) and kind is Kind.REQUIREMENT:
            self.floor(start, end, subject)
        elif strict and value not in (b"", b"~", b"null", b"Null", b"NULL"):
            reason = self._reason(Span(start, end), kind)
            if reason:
                self.unpinned(start, end, subject, reason)

    def _stripped(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self.masked[start] in _WRAPPING:
            start += 1
        while start < end and self.masked[end - 1] in _WRAPPING:
            end -= 1
        return start, end

    def _reason(self, span: Span, kind: Kind) -> str | None:
        """Why a value is no pin; None for a reference."""
        value = self.masked[span.start : span.end]
        if _is_commit(value):
            return "a commit, not a release"
        shown = " ".join(self.source.text(span).split())
        fixed = _REFERENCE.sub(b"", value)
        if fixed != value:
            return f"'{shown}' is put together from a reference" if re.search(rb"[0-9]", fixed) else None
        if kind is Kind.GIT_REF:
            return f"'{shown}' is no release tag"
        if value.endswith(b".*"):
            return f"'{shown}' is a wildcard, not one version"
        return f"'{shown}' is no version"

    def unpinned(self, start: int, end: int, subject: str, reason: str) -> None:
        """Report a place that cannot be moved."""
        span = Span(start, end)
        self._unpinned.setdefault(span, Unpinned(self.source, span, subject, reason))

    def floor(self, start: int, end: int, subject: str) -> None:
        """Report a range; the specifier is the text without blanks."""
        span = Span(start, end)
        specifier = b"".join(self.masked[start:end].split()).decode("ascii")
        self._floors.setdefault(span, Floor(self.source, span, subject, specifier))

    def found(self) -> Found:
        """Everything in the order of the file. An unpinned place with a pin inside it is left out."""
        pins = number_anchors(list(self._pins.values()))
        starts = [pin.span.start for pin in pins]
        unpinned = []
        for span in sorted(self._unpinned):
            inside = bisect_left(starts, span.start)
            if inside == len(starts) or starts[inside] >= span.end:
                unpinned.append(self._unpinned[span])
        return Found(pins, tuple(unpinned), tuple(self._floors[span] for span in sorted(self._floors)))
