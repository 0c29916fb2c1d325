"""Pins in Jenkinsfiles and Groovy scripts: variables, defaults of parameters, and the commands in strings.

`environment { FLASHINFER_VERSION = 'V' }` has the anchor `FLASHINFER_VERSION`, `sh 'pip install kit==V'` the anchor
`kit`. A string is not interpreted; a reference `${NAME}` in it is the same as a shell's.
"""

from __future__ import annotations

from fi_bump.formats.shared.parts import blank, unescaped
from fi_bump.formats.shared.pieces import joined
from fi_bump.formats.shell_script import ScriptReader
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Span, Wanted
from fi_bump.records import NamedTuple

_TOKEN = LazyPattern(
    rb"//[^\n]*|/\*[\s\S]*?\*/|#![^\n]*"
    rb"|'''(?P<long_single>(?:[^'\\]|\\[\s\S]|'{1,2}+(?!')|(?!))*+)'''"
    rb'|"""(?P<long_double>(?:[^"\\]|\\[\s\S]|"{1,2}+(?!")|(?!))*+)"""'
    rb"|'(?P<single>(?:[^'\\\n]|\\[\s\S]|(?!))*+)'"
    rb'|"(?P<double>(?:[^"\\\n]|\\[\s\S]|(?!))*+)"'
)
# What comes before the string that is a variable's value.
_ASSIGNED = LazyPattern(rb"(?P<name>\w+)[ \t]*=[ \t]*\Z")
# `string(name: 'NAME', defaultValue: 'V')`, in any order and over several lines.
_DEFAULT = LazyPattern(rb"\bdefaultValue[ \t]*:[ \t]*\Z")
_NAME = LazyPattern(rb"\bname[ \t]*:[ \t]*\Z")
_WORD = LazyPattern(rb"\w+\Z")
_LONGEST = 100


class _GroovyString(NamedTuple):
    """The text between the quotes of a string, and the name of what it is the value of; empty if it has none."""

    span: Span
    name: bytes


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a Groovy file. No input is an error."""
    strings = _strings(source.masked)
    view = bytearray(blank(source.masked))
    for string in strings:
        view[slice(*string.span)] = unescaped(source.masked[slice(*string.span)])
    data = bytes(view)
    reader = ScriptReader(source, wanted, data)
    for string in strings:
        if string.name:
            text = joined(data, [string.span])
            reader.commands.variable(text, string.name, 0, len(text.data), "")
        reader.script(string.span, steps=True)
    return reader.found()


def _strings(data: bytes) -> list[_GroovyString]:
    """Return every string that is not empty, with the name of the variable or the parameter whose value it is."""
    found: list[_GroovyString] = []
    position = 0
    # The place in `found` of a default that no name has been found for, and a name without a default.
    default, name = -1, b""
    for match in _TOKEN.finditer(data):
        style = match.lastgroup
        before = data[max(position, match.start() - _LONGEST) : match.start()]
        position = match.end()
        if style is None or not match[style]:
            continue
        if b"(" in before or b")" in before:
            default, name = -1, b""
        assigned = _ASSIGNED.search(before)
        found.append(_GroovyString(Span(*match.span(style)), assigned["name"] if assigned else b""))
        if _NAME.search(before):
            name = match[style]
        elif _DEFAULT.search(before):
            default = len(found) - 1
        if default >= 0 and _WORD.match(name):
            found[default] = found[default]._replace(name=name)
            default, name = -1, b""
    return found
