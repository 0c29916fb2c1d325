"""Pins in mise.toml: versions of tools, variables of `[env]`, and the commands of tasks.

An anchor is the path of keys: `env.FLASHINFER_VERSION`, `tools.pipx:flashinfer-python`.
"""

from __future__ import annotations

import re

from fi_bump.formats import shell
from fi_bump.formats.shared.gathered import Gathered, release_at
from fi_bump.formats.shared.parts import FilePart, read_parts, together, unescaped
from fi_bump.formats.shared.toml_strings import TomlString, strings
from fi_bump.grammar import canonical_name, variable_of
from fi_bump.pins import Found, Kind, Source, Span, Wanted

_TASKS = re.compile(r"tasks?/|hooks/|env/_")


def find(source: Source, wanted: Wanted) -> Found:
    """Return the pins of mise.toml. Raises ParseError for a file that is not TOML."""
    gathered = Gathered(source)
    commands = []
    for string in strings(source):
        keys = [key for key in string.path if isinstance(key, str)]
        if _TASKS.match("/".join(keys)) or keys[-1] in ("run", "script"):
            data = unescaped(source.masked[slice(*string.span)])
            commands.append(FilePart(data, string.span.start, ".".join(keys) + "/"))
        else:
            _value(gathered, wanted, keys, string)
    return together(gathered.found(), read_parts(source, wanted, shell.find, commands))


def _value(gathered: Gathered, wanted: Wanted, keys: list[str], string: TomlString) -> None:
    """Judge a value of `[tools]`, or of a variable in any other table."""
    anchor = ".".join(keys)
    if keys[0] == "tools" and len(keys) > 1:
        several = len(string.path) > len(keys)
        tool(gathered, wanted, keys[1], anchor, string.span, several=several)
        return
    subject = variable_of(keys[-1], wanted.variables)
    version = release_at(gathered.source, string.span)
    if subject is not None and version:
        gathered.pin(version, anchor, Kind.VARIABLE, subject)
    elif subject is not None and string.value and "{{" not in string.value:
        gathered.unpinned(string.span, subject, f"'{string.value}' is not a version")


def tool(gathered: Gathered, wanted: Wanted, name: str, anchor: str, span: Span, *, several: bool) -> None:
    """Judge the version of a tool (`pipx:kit`, `kit`); one of several versions is reported."""
    package = canonical_name(name.rpartition(":")[2].partition("[")[0])
    if package not in wanted.packages:
        return
    version = release_at(gathered.source, span)
    if several:
        gathered.unpinned(span, package, f"'{gathered.source.text(span)}' is one of a list of versions")
    elif version:
        gathered.pin(version, anchor, Kind.REQUIREMENT, package)
    else:
        gathered.unpinned(span, package, f"'{gathered.source.text(span)}' is not one version")
