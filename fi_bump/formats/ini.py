"""Pins in tox.ini and setup.cfg: requirements of `deps` and `install_requires`, and the commands that tox runs.

The syntax is configparser's: `[section]`, `key = value`, and indented lines that continue a value. The key of a value
decides what it means. A pin's anchor is its section, its key and its package: `testenv.deps/flashinfer-python`.
"""

from __future__ import annotations

import re

from fi_bump.formats import requirements, shell
from fi_bump.formats.shared.parts import FilePart, blank, read_parts, together
from fi_bump.grammar import VERSION, LazyPattern, canonical_name
from fi_bump.pins import Found, Kind, Pin, Source, Wanted, make_pin
from fi_bump.records import NamedTuple

_SECTION = LazyPattern(rb"^\[(?P<section>[^\]\n]*)\]")
_KEY = LazyPattern(rb"^(?P<key>[^\s=:#;\[][^=:\n]*+)[=:][ \t]*+(?P<value>[^\n]*)")
_COMMENT = LazyPattern(rb"[ \t]*[#;]")
# tox reads a line `py312,!cuda: VALUE` only for these environments. A URL has a slash after its colon.
_FACTORS = LazyPattern(rb"^[ \t]*+!?[\w.{}-][\w.{}]*+(?:-[\w.{},!-]*+|,[\w.{},!-]++)?[ \t]*+:(?=[ \t]|$)", re.MULTILINE)
_REQUIREMENTS = frozenset({"deps", "requires", "install_requires", "setup_requires", "tests_require", "constraints"})
_EXTRAS = frozenset({"options.extras_require", "extras_require"})
_COMMANDS = frozenset(
    {"commands", "commands_pre", "commands_post", "install_command", "setenv", "set_env", "list_dependencies_command"}
)
# tox's `{env:NAME}` and `{env:NAME:DEFAULT}`.
_REFERENCE = LazyPattern(rb"\{env:(?P<name>\w+)(?P<default>:?)(?=[^{}\n]*\})")
# Blanks around the sign of `NAME = V`, which a shell would not take for an assignment.
_SPACED = LazyPattern(rb"^([ \t]*)(\w+)([ \t]*)=([ \t]*)(?=\S)", re.MULTILINE)
# A reference to an option of another section, and the package whose version it is.
_USE = LazyPattern(
    rb"(?:(?P<name>[A-Za-z][\w.-]*)(?:\[[^\]\n]*\])?[ \t]*===?[ \t]*)?\{\[(?P<section>[^\]{}\n]+)\](?P<key>[\w.-]+)\}"
)
_VERSION = LazyPattern(rb"[ \t]*(?P<version>(?=[0-9!]+\.)" + VERSION + rb")[ \t]*\r?\Z", re.IGNORECASE)


class _Option(NamedTuple):
    """The value of a key: its section and key, its first byte in the file, and its lines."""

    section: str
    key: str
    start: int
    data: bytes


def find(source: Source, wanted: Wanted) -> Found:
    """Return the requirements and the commands of an INI file. No input is an error."""
    lists, commands = [], []
    options = _options(source.masked)
    shared = _Shared(source, wanted, options)
    for option in options:
        prefix = f"{option.section}.{option.key}/"
        data = _REFERENCE.sub(_as_shell, _FACTORS.sub(lambda match: blank(match[0]), option.data))
        if _is_list(option) or shared.is_list(option):
            lists.append(FilePart(shared.without_uses(data), option.start, prefix))
        elif option.key in _COMMANDS:
            commands.append(FilePart(_SPACED.sub(_joined, data), option.start, prefix))
    return together(
        read_parts(source, wanted, requirements.find, lists),
        read_parts(source, wanted, shell.find, commands),
        Found(tuple(shared.pins)),
    )


def _is_list(option: _Option) -> bool:
    return option.key in _REQUIREMENTS or option.section in _EXTRAS


class _Shared:
    """The options that lists of requirements refer to: `{[base]deps}`, and `kit=={[base]version}`."""

    def __init__(self, source: Source, wanted: Wanted, options: list[_Option]) -> None:
        self._lists: set[tuple[str, str]] = set()
        users: dict[tuple[str, str], set[str]] = {}
        for option in options:
            for use in _USE.finditer(option.data) if _is_list(option) else ():
                named = (use["section"].decode("ascii"), use["key"].decode("ascii").lower())
                if use["name"]:
                    users.setdefault(named, set()).add(canonical_name(use["name"].decode("ascii")))
                else:
                    self._lists.add(named)
        self._moved: set[tuple[str, str]] = set()
        self.pins: list[Pin] = []
        for option in options:
            packages = users.get((option.section, option.key), set())
            version = _VERSION.match(option.data)
            if version and packages and packages <= wanted.packages:
                self._moved.add((option.section, option.key))
                start, end = (option.start + each for each in version.span("version"))
                anchor = f"{option.section}.{option.key}"
                self.pins.append(make_pin(source, start, end, anchor, Kind.VARIABLE, min(packages)))

    def is_list(self, option: _Option) -> bool:
        """Whether a list of requirements includes the option."""
        return (option.section, option.key) in self._lists

    def without_uses(self, data: bytes) -> bytes:
        """Return the lines of a list with blanks in place of those whose version is a pin elsewhere in the file."""
        return _USE.sub(self._blank, data)

    def _blank(self, use: re.Match[bytes]) -> bytes:
        named = (use["section"].decode("ascii"), use["key"].decode("ascii").lower())
        return blank(use[0]) if named in self._moved or not use["name"] else use[0]


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
