"""The actions of Helm and Jinja in YAML: `{{ … }}`, `{% … %}` and `{# … #}`."""

from __future__ import annotations

import re

from fi_bump.grammar import LazyPattern

_BEGINS_LINE = LazyPattern(rb"^[ \t]*+\{([{%#])", re.MULTILINE)
_ENDS_LINE = LazyPattern(rb"[ \t]*+\r?$", re.MULTILINE)
_IN_LINE = LazyPattern(rb"\{(?=([{%#]))")


class _Ends:
    """Where the actions of a text end. Each end is looked for once: a text may have thousands of unfinished actions."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known: dict[bytes, int] = {}

    def after(self, kind: bytes, inner: int) -> int | None:
        """Return the end of an action whose inner text begins at `inner`, or None if it has none."""
        found = []
        for mark in (b"}}",) if kind == b"{" else (b"%}", b"#}"):
            if 0 <= self._known.get(mark, 0) < inner:
                self._known[mark] = self._data.find(mark, inner)
            if self._known[mark] >= 0:
                found.append(self._known[mark] + 2)
        return min(found, default=None)


def filled(data: bytes) -> bytes:
    """Return a template with blanks for its lines of actions alone, and a reference for each action in a line."""
    if not _IN_LINE.search(data):
        return data
    return b"\n".join(map(_with_references, _without_lines(data).split(b"\n")))


def _without_lines(data: bytes) -> bytes:
    """Return a template with blanks for the actions that have a line, or several, for themselves."""
    ends, pieces, position = _Ends(data), [], 0
    for opened in _BEGINS_LINE.finditer(data):
        if opened.start() < position:
            continue
        end = ends.after(opened[1], opened.end())
        rest = _ENDS_LINE.match(data, end) if end is not None else None
        if rest is not None:
            pieces += [data[position : opened.start()], b" " * (rest.end() - opened.start())]
            position = rest.end()
    return b"".join([*pieces, data[position:]])


def _with_references(line: bytes) -> bytes:
    """Return a line with a reference for each action; one without an end in the line stays."""
    ends, pieces, position = _Ends(line), [], 0
    for opened in _IN_LINE.finditer(line):
        start = opened.start()
        if start < position:
            continue
        end = ends.after(opened[1], start + 2)
        if end is not None:
            pieces += [line[position:start], b"$".ljust(end - start, b"x")]
            position = end
    return b"".join([*pieces, line[position:]])
