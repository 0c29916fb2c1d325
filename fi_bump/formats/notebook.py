"""Pins in Jupyter notebooks: the code of cells, their `!` lines and `%pip` magics, and cells in a shell (`%%bash`).

The cell's text is a string, or a list of strings, of JSON. Outputs and Markdown cells are not read. An anchor is that
of a Python file or a script, without the cell's place in the notebook: `flashinfer-python`, `run/flashinfer-python`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.formats import python, shell
from fi_bump.formats.shared.json_strings import JsonScalar, scalars
from fi_bump.formats.shared.parts import FilePart, blank, read_parts, together, unescaped
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Wanted

# Lines that IPython gives to a shell: `!pip install`, `x = !pip`, `%pip install`, `%env NAME=V`; they may continue.
_MAGIC = LazyPattern(rb"^[ \t]*(?:[\w, ]+=[ \t]*)?(?P<mark>!{1,2}|%(?=(?:uv )?(?:pip|conda|mamba|sx|system)\b))")
_ENVIRONMENT = LazyPattern(rb"^[ \t]*%(?:set_)?env[ \t]+")
_SHELL_CELL = LazyPattern(rb"\s*%%(?:bash|sh|script|system|sx|!)[^\n]*")


def find(source: Source, wanted: Wanted) -> Found:
    """Return what the code cells of a notebook pin. Raises ParseError for a file that is not JSON."""
    scripts, code = [], []
    for part in _cells(source):
        cell = _SHELL_CELL.match(part.data)
        if cell:
            scripts.append(part._replace(data=blank(cell[0]) + part.data[cell.end() :]))
            continue
        commands, rest = _divided(part.data)
        scripts.append(part._replace(data=commands))
        code.append(part._replace(data=rest))
    return together(read_parts(source, wanted, shell.find, scripts), read_parts(source, wanted, python.find, code))


def _cells(source: Source) -> Iterator[FilePart]:
    """Yield the text of every code cell."""
    cells: dict[tuple[str | int, ...], list[JsonScalar]] = {}
    kinds: dict[tuple[str | int, ...], str] = {}
    for scalar in scalars(source):
        path = scalar.path
        at = path.index("cells") + 2 if "cells" in path else 0
        if not at or not scalar.is_string or len(path) <= at:
            continue
        if path[at:] == ("cell_type",):
            kinds[path[:at]] = source.text(scalar.span)
        elif path[at] in ("source", "input") and len(path) <= at + 2:
            cells.setdefault(path[:at], []).append(scalar)
    for cell, strings in cells.items():
        if kinds.get(cell) != "code":
            continue
        start, pieces = strings[0].span.start, []
        position = start
        for string in strings:
            pieces.append(b" " * (string.span.start - position))
            pieces.append(unescaped(source.masked[slice(*string.span)]))
            position = string.span.end
        yield FilePart(b"".join(pieces), start)


def _divided(data: bytes) -> tuple[bytes, bytes]:
    """Return the lines for a shell and the lines of Python, each with blank lines in place of the others."""
    commands, code = [], []
    goes_on = False
    for line in data.split(b"\n"):
        magic, environment = _MAGIC.match(line), _ENVIRONMENT.match(line)
        if goes_on or magic or environment:
            end = environment.end() if environment else magic.end() if magic else 0
            commands.append(blank(line[:end]) + line[end:])
            code.append(blank(line))
            goes_on = line.rstrip().endswith(b"\\")
        else:
            commands.append(blank(line))
            code.append(line)
    return b"\n".join(commands), b"\n".join(code)
