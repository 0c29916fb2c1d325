"""Pins in .tool-versions, the file of asdf and mise: `pipx:flashinfer-python V`. An anchor is the name of the tool."""

from __future__ import annotations

import re

from fi_bump.formats.mise import tool
from fi_bump.formats.shared.gathered import Gathered
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Span, Wanted

_TOOL = LazyPattern(rb"^[ \t]*(?P<name>[^\s#]+)(?P<versions>(?:[ \t]+[^\s#]+)+)", re.MULTILINE)
_WORD = LazyPattern(rb"\S+")


def find(source: Source, wanted: Wanted) -> Found:
    """Return the versions of wanted tools. No input is an error."""
    gathered = Gathered(source)
    for line in _TOOL.finditer(source.masked):
        name = line["name"].decode("ascii")
        words = list(_WORD.finditer(source.masked, *line.span("versions")))
        for word in words:
            tool(gathered, wanted, name, name, Span(*word.span()), several=len(words) > 1)
    return gathered.found()
