"""Files that no other format claims: scripts that say what they are in their first line, and everything else.

`#!/bin/bash` and `#!/usr/bin/env python3` decide how a file is read. In any other text file, what a shell script would
pin is reported with its line and never moved: fi-bump does not know what it means there.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.formats import shell
from fi_bump.formats.shared.parts import FilePart, Finder, blank, read_parts, reported
from fi_bump.grammar import VERSION, LazyPattern, compiled, longest_parts, names_any, one_of, variable_of
from fi_bump.pins import BOM, BY_HAND, Found, Source, Span, Unpinned, Wanted

_UNREAD = f"in a file whose format fi-bump does not read: {BY_HAND}"
_SHEBANG = LazyPattern(
    rb"#![ \t]*(?:/\S*/)?(?:env[ \t]+(?:-\S+[ \t]+|\w+=\S+[ \t]+)*)?(?:/\S*/)?"
    rb"(?P<program>(?:ba|z|k|da|a)?sh|python|make|just|uv)[\d.]*(?![\w-])"
)
_COMMENT = LazyPattern(
    rb"^[ \t]*(?:#(?!!)|//|/\*|\*[ \t/]|;|--[ \t]|<!--|%|@?rem\b)[^\n]*", re.MULTILINE | re.IGNORECASE
)
_LARGEST = 1_000_000


def find(source: Source, wanted: Wanted) -> Found:
    """Return the pins of a script, or a report for each version of a wanted name in any other text file."""
    if b"\0" in source.data:
        return Found(())
    shebang = _SHEBANG.match(source.data, len(BOM) if source.data.startswith(BOM) else 0)
    if shebang:
        return _finder(shebang["program"])(source, wanted)
    return _reported(source, wanted) if len(source.data) <= _LARGEST else Found(())


def _finder(program: bytes) -> Finder:
    from fi_bump.formats import just, makefile, python

    if program in (b"python", b"uv"):
        return python.find
    return {b"make": makefile.find, b"just": just.find}.get(program, shell.find)


@lru_cache(maxsize=64)
def _words(wanted: Wanted) -> tuple[bytes, ...]:
    """Return lower-case words of which every line with a report contains one."""
    words = longest_parts(wanted.packages)
    words |= {name.lower() for name in wanted.variables} | {name.rpartition("/")[2] for name in wanted.repositories}
    return tuple(sorted(word.encode("ascii") for word in words))


@lru_cache(maxsize=64)
def _bound(wanted: Wanted) -> re.Pattern[bytes]:
    """Return the pattern for `NAME: V`, `NAME = "V"` and `NAME := 'V'`."""
    names = one_of(wanted.variables)
    return compiled(
        names,
        rb"(?<![\w-])(?P<name>(?:\w*_)?(?:"
        + names
        + rb"))[\"']?[ \t]*(?::=|[:=?])[ \t]*[\"']?v?(?P<version>(?=[0-9]+\.)"
        + VERSION
        + rb")(?![\w.])",
    )


def _reported(source: Source, wanted: Wanted) -> Found:
    """Return a report for what would be a pin in a script; comments have none, and ranges are not compared."""
    parts, position = [], 0
    places: dict[Span, Unpinned] = {}
    for line in _COMMENT.sub(lambda match: blank(match[0]), source.masked).split(b"\n"):
        if names_any(line, _words(wanted)):
            # Each line by itself: an apostrophe would join it with all lines up to the next one.
            parts.append(FilePart(line, position))
            for match in _bound(wanted).finditer(line):
                span = Span(position + match.start("version"), position + match.end("version"))
                subject = variable_of(match["name"].decode("ascii"), wanted.variables)
                places[span] = Unpinned(source, span, str(subject), _UNREAD)
        position += len(line) + 1
    for place in reported(source, read_parts(source, wanted, shell.find, parts), _UNREAD):
        places.setdefault(place.span, place)
    return Found((), tuple([places[span] for span in sorted(places)]))
