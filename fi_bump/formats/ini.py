"""Pins in tox.ini and setup.cfg: requirements of `deps` and `install_requires`, and the commands that tox runs.

The syntax is configparser's: `[section]`, `key = value`, and indented lines that continue a value. The key of a value
decides what it means. A pin's anchor is its section, its key and its package: `testenv.deps/flashinfer-python`.
"""

from __future__ import annotations

import re

from fi_bump.formats import requirements, shell
from fi_bump.formats.shared.parts import FilePart, blank, read_parts, together
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Wanted
from fi_bump.records import NamedTuple

_SECTION = LazyPattern(rb"^\[(?P<section>[^\]\n]*)\]")
_KEY = LazyPattern(rb"^(?P<key>[^\s=:#;\[][^=:\n]*?)[ \t]*[=:][ \t]*(?P<value>[^\n]*)")
_COMMENT = LazyPattern(rb"[ \t]*[#;]")
# tox reads a line `py312,!cuda: VALUE` only for these environments. A URL has a slash after its colon.
_FACTORS = LazyPattern(rb"^[ \t]*!?[\w.{}-]+(?:[,-][\w.{},!-]+)*[ \t]*:(?=[ \t]|$)", re.MULTILINE)
_REQUIREMENTS = frozenset({"deps", "requires", "install_requires", "setup_requires", "tests_require", "constraints"})
_EXTRAS = frozenset({"options.extras_require", "extras_require"})
_COMMANDS = frozenset(
    {"commands", "commands_pre", "commands_post", "install_command", "setenv", "set_env", "list_dependencies_command"}
)
# tox's `{env:NAME}` and `{env:NAME:DEFAULT}`.
_REFERENCE = LazyPattern(rb"\{env:(?P<name>\w+)(?P<default>:?)(?=[^{}\n]*\})")
# Blanks around the sign of `NAME = V`, which a shell would not take for an assignment.
_SPACED = LazyPattern(rb"^([ \t]*)(\w+)([ \t]*)=([ \t]*)(?=\S)", re.MULTILINE)


class _Option(NamedTuple):
    """The value of a key: its section and key, its first byte in the file, and its lines."""

    section: str
    key: str
    start: int
    data: bytes


def find(source: Source, wanted: Wanted) -> Found:
    """Return the requirements and the commands of an INI file. No input is an error."""
    lists, commands = [], []
    for option in _options(source.masked):
        prefix = f"{option.section}.{option.key}/"
        data = _REFERENCE.sub(_as_shell, _FACTORS.sub(lambda match: blank(match[0]), option.data))
        if option.key in _REQUIREMENTS or option.section in _EXTRAS:
            lists.append(FilePart(data, option.start, prefix))
        elif option.key in _COMMANDS:
            commands.append(FilePart(_SPACED.sub(_joined, data), option.start, prefix))
    return together(
        read_parts(source, wanted, requirements.find, lists), read_parts(source, wanted, shell.find, commands)
    )


def _as_shell(match: re.Match[bytes]) -> bytes:
    """Return a shell's `${NAME` or `${NAME:-`, aligned with what follows it."""
    return (b"${" + match["name"] + (b":-" if match["default"] else b"")).rjust(len(match[0]))


def _joined(match: re.Match[bytes]) -> bytes:
    """Return `NAME=`, aligned with the value after it."""
    return (match[2] + b"=").rjust(len(match[0]))


def _options(data: bytes) -> list[_Option]:
    """Return every option with its continuation lines; comment lines in it are blank."""
    found: list[_Option] = []
    section, position = "", 0
    for line in data.split(b"\n"):
        start, position = position, position + len(line) + 1
        header, option = _SECTION.match(line), _KEY.match(line)
        if header:
            section = header["section"].decode("ascii").strip()
        elif _COMMENT.match(line) or not line.strip():
            if found and found[-1].start + len(found[-1].data) == start - 1:
                found[-1] = found[-1]._replace(data=found[-1].data + b"\n" + blank(line))
        elif line[:1] in (b" ", b"\t"):
            if found and found[-1].start + len(found[-1].data) == start - 1:
                found[-1] = found[-1]._replace(data=found[-1].data + b"\n" + line)
        elif option:
            key = option["key"].decode("ascii").strip().lower()
            found.append(_Option(section, key, start + option.start("value"), option["value"]))
    return found
