"""Pins in Earthfiles, whose commands are those of a Dockerfile, and `GIT CLONE`, `LET` and `SET`.

Anchors are the same as in Dockerfiles: `ARG FLASHINFER_VERSION`, `RUN flashinfer-python`.
"""

from __future__ import annotations

import re

from fi_bump.errors import ParseError
from fi_bump.formats import dockerfile, shell
from fi_bump.formats.shared.parts import FilePart, blank, read_parts
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Wanted

_TARGET = LazyPattern(rb"^[A-Za-z][\w.-]*:[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
# `ARG --global NAME = V`, `LET NAME = V`.
_SET = LazyPattern(rb"^([ \t]*)(ARG|LET|SET|ENV)([ \t]+(?:--[\w-]+[ \t]+)*)(\w+)([ \t]*=[ \t]*)(?=\S)", re.MULTILINE)
_CLONE = LazyPattern(rb"^([ \t]{4,})GIT[ \t]+CLONE\b", re.MULTILINE)


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in an Earthfile. No input is an error."""
    data = _TARGET.sub(lambda match: blank(match[0]), source.masked)
    data = _SET.sub(_set, data)
    data = _CLONE.sub(lambda match: b"RUN git clone".rjust(len(match[0])), data)
    return read_parts(source, wanted, _find, [FilePart(data)])


def _find(source: Source, wanted: Wanted) -> Found:
    """Like the finder of Dockerfiles; where that sees a heredoc without an end, all is a script."""
    try:
        return dockerfile.find(source, wanted)
    except ParseError:
        return shell.find(source, wanted)


def _set(match: re.Match[bytes]) -> bytes:
    """Return `ARG NAME=`, aligned with the value after it."""
    keyword = b"ARG" if match[2] in (b"LET", b"SET") else match[2]
    return (keyword + b" " + match[4] + b"=").rjust(len(match[0]))
