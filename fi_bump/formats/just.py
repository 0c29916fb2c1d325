"""Pins in justfiles: variables `NAME := "V"`, and the commands of recipes, which are read as a shell script.

Anchors are the same as in scripts and Makefiles: `FLASHINFER_VERSION`, `flashinfer-python`.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.parts import blank
from fi_bump.formats.shell_script import ScriptReader
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Span, Wanted

_ASSIGNED = LazyPattern(rb"^(?:export[ \t]+)?([\w-]+)[ \t]*:=[ \t]*(?=\S)", re.MULTILINE)
# `NAME := env("X", "V")`: the value of the environment, or else V.
_FROM_ENVIRONMENT = LazyPattern(
    rb"^(?:export[ \t]+)?(?P<name>[\w-]+)[ \t]*:=[ \t]*env(?:_var_or_default)?\([ \t]*(?P<quote>[\"'])(?P<variable>\w+)"
    rb"(?P=quote)[ \t]*,[ \t]*(?P<sign>[\"'])(?P<default>[^\"'\n]*)(?P=sign)[ \t]*\)",
    re.MULTILINE,
)
_REFERENCE = LazyPattern(rb"\{\{[ \t]*(\w+)[ \t]*\}\}")
# What just reads before the command: `@`, `-`, and both.
_QUIET = LazyPattern(rb"^[ \t]+[@-]{1,2}", re.MULTILINE)


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a justfile. No input is an error."""
    reader = ScriptReader(source, wanted, as_shell(source.masked))
    reader.script(Span(0, len(source.data)), steps=True)
    return reader.found()


def as_shell(data: bytes) -> bytes:
    """Return a justfile as a shell script of the same length, whose values are at the same places."""
    data = _FROM_ENVIRONMENT.sub(_with_default, data)
    data = _ASSIGNED.sub(lambda match: (match[1].replace(b"-", b"_") + b"=").rjust(len(match[0])), data)
    return references(_QUIET.sub(lambda match: blank(match[0]), data))


def _with_default(match: re.Match[bytes]) -> bytes:
    """Return a shell's `NAME=${X:-V}`, with V at the same place."""
    before = match["name"].replace(b"-", b"_") + b"=${" + match["variable"] + b":-"
    length = match.start("default") - match.start()
    return before.rjust(length) + match["default"] + b"}".ljust(match.end() - match.end("default"))


def references(data: bytes) -> bytes:
    """Return a text with a shell's `${NAME}` in place of each `{{NAME}}`, as long as that.

    The place that is left has what removes an empty prefix in a shell: `${NAME##}`.
    """
    return _REFERENCE.sub(lambda match: (b"${" + match[1]).ljust(len(match[0]) - 1, b"#") + b"}", data)
