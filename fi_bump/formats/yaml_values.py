"""Values of YAML keys: each becomes a pin, an unpinned place, or nothing."""

from __future__ import annotations

import re

from fi_bump.formats.shared.gathered import WRAPPING, Gathered, is_commit, release_span
from fi_bump.formats.shared.references import referred
from fi_bump.grammar import LazyPattern, variable_of
from fi_bump.pins import Kind, Source, Span

# The default of a reference: `${X:-V}`, `${{ inputs.x || 'V' }}`, `{{ x | default("V") }}`.
_DEFAULT = LazyPattern(
    rb"\$\{\w+:?[-=](?P<shell>[^{}]*)\}\Z|\$\{\{[^{}]*\|\|\s*'(?P<workflow>[^'{}]*)'\s*\}\}\Z"
    rb"|\{\{[^{}]*\|\s*default\(?\s*[\"'](?P<template>[^\"'{}]*)[\"'][^{}]*\}\}\Z"
)
_REFERENCE = LazyPattern(
    rb"\$?\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$\[[^\[\]]*\]|\$\w+|%\w+%|@\w+@|<<[^<>]*>>|\{%[^%]*%\}|`[^`]*`"
)
_RANGE = LazyPattern(rb"(?:(?:[~!<>]=|[<>])\s*[\w.*+!]+(?:\s*,\s*(?=[~!<>=]))?|===?\s*[\w.*+!]+\s*,\s*(?=[~!<>]))+\Z")


class YamlValues:
    """Judges values of one file and adds the results to `gathered`. Spans are byte offsets in the file."""

    def __init__(self, source: Source, variables: frozenset[str] = frozenset()) -> None:
        self._variables = variables
        self.gathered = Gathered(source)
        self.source = source
        self.masked = source.masked

    def value(self, start: int, end: int, anchor: str, kind: Kind, subject: str, *, strict: bool = True) -> None:
        """Judge the text from `start` to `end`, with any quotes around it, as the version of `subject`.

        An empty value, null and a reference are ignored; the default in a reference (`${X:-0.6.1}`) is judged instead.
        Without `strict`, only a release with a dot or a range counts as a version, and nothing else is reported.
        """
        start, end = self._stripped(start, end)
        value = self.masked[start:end]
        release = release_span(value)
        if release and not is_commit(value) and (strict or b"." in value):
            span = Span(start + release[0], start + release[1])
            self.gathered.pin(span, anchor, kind, subject)
            return
        default = _DEFAULT.match(value)
        if default:
            inner = default.span(default.lastgroup or 0)
            self.value(start + inner[0], start + inner[1], anchor, kind, subject, strict=strict)
        elif (name := referred(value)) and not variable_of(name, self._variables):
            self.gathered.use(Span(start, end), subject, name, installs=kind is not Kind.VARIABLE and strict)
        elif _RANGE.match(value) and kind is Kind.REQUIREMENT:
            self.gathered.floor(Span(start, end), subject, value)
        elif strict and value not in (b"", b"~", b"null", b"Null", b"NULL"):
            reason = self._reason(Span(start, end), kind)
            if reason:
                self.unpinned(start, end, subject, reason)

    def _stripped(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self.masked[start] in WRAPPING:
            start += 1
        while start < end and self.masked[end - 1] in WRAPPING:
            end -= 1
        return start, end

    def _reason(self, span: Span, kind: Kind) -> str | None:
        """Return why a value is not a pin, or None for a reference."""
        value = self.masked[span.start : span.end]
        if is_commit(value):
            return "a commit, not a release"
        shown = " ".join(self.source.text(span).split())
        fixed = _REFERENCE.sub(b"", value)
        if fixed != value:
            return f"'{shown}' is assembled from a variable" if re.search(rb"[0-9]", fixed) else None
        if kind is Kind.GIT_REF:
            return f"'{shown}' is not a release tag"
        if value.endswith(b".*"):
            return f"'{shown}' is a wildcard, not one version"
        return f"'{shown}' is not a version"

    def unpinned(self, start: int, end: int, subject: str, reason: str) -> None:
        """Add a place that fi-bump cannot move, and why."""
        self.gathered.unpinned(Span(start, end), subject, reason)
