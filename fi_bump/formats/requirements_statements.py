"""Everything that a requirement file says about any package: requirements, included files, indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from fi_bump.formats.requirements_lines import logical_lines
from fi_bump.formats.shared.pieces import Text
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Span

_OPTIONS = LazyPattern(rb"(?:^|(?<=\s))--?[A-Za-z]")
_OPTION = re.compile(rb"\s*(--[A-Za-z][A-Za-z-]*|-[A-Za-z])(?:\s*=\s*|\s+)?(.*)\Z", re.DOTALL)
# The start of a line of options: after a line end as in requirements_lines.py.
_LINE_OF_OPTIONS = LazyPattern(rb"(?:^|[\n\r\x0b\x0c\x1c-\x1e\x85\xa8\xa9\xbf])[\s\\]*-")
INCLUDE, INDEX, EXTRA, LINKS, NO_INDEX = "include", "index", "extra", "links", "no-index"
_KINDS = {
    b"-r": INCLUDE,
    b"--requirement": INCLUDE,
    b"-c": INCLUDE,
    b"--constraint": INCLUDE,
    b"-i": INDEX,
    b"--index-url": INDEX,
    b"--pypi-url": INDEX,
    b"--extra-index-url": EXTRA,
    b"-f": LINKS,
    b"--find-links": LINKS,
    b"--no-index": NO_INDEX,
}


class Statement(NamedTuple):
    """The text of one PEP 508 requirement, and its span in the file."""

    source: Source
    span: Span
    text: str


class Option(NamedTuple):
    """An option of a requirement file: what it says (INCLUDE, INDEX, …), its value as in the file, and its line."""

    kind: str
    value: str
    line: int


class RequirementFile(NamedTuple):
    """The content of one file: its requirements, and its options in order, since in pip a later one may undo others."""

    statements: tuple[Statement, ...]
    options: tuple[Option, ...]

    @property
    def includes(self) -> tuple[str, ...]:
        """The paths of the requirement and constraint files that it includes, relative to its folder."""
        return tuple(option.value for option in self.options if option.kind == INCLUDE)


def may_include(data: bytes) -> bool:
    """Whether a requirement file may include another one, by its text: most have no line that begins with a hyphen."""
    return data.find(b"-") >= 0 and _LINE_OF_OPTIONS.search(data) is not None


def read(source: Source) -> RequirementFile:
    """Parse a requirement file. Lines that pip could not read are skipped."""
    return _read(source.path, source.data)


# A command reads the same files for the indexes that they name, and again for its audit.
@lru_cache(maxsize=512)
def _read(path: str, data: bytes) -> RequirementFile:
    source = Source(path, data)
    statements: list[Statement] = []
    options: list[Option] = []
    for line in logical_lines(source.data):
        if line.data.lstrip().startswith(b"-"):
            options += _options(source, line)
        else:
            statements += _statement(source, line)
    return RequirementFile(tuple(statements), tuple(options))


def _options(source: Source, line: Text) -> Iterator[Option]:
    """Yield the options of a line without a requirement, which may have several."""
    number = source.position(line.span(0, len(line.data)).start)[0]
    for part in re.split(rb"\s+(?=--?[A-Za-z])", line.data.strip()):
        match = _OPTION.match(part)
        if match is not None and match[1] in _KINDS:
            value = match[2].strip().strip(b"\"'").decode("utf-8", "replace")
            yield Option(_KINDS[match[1]], value, number)


def _statement(source: Source, line: Text) -> Iterator[Statement]:
    """Yield the requirement of a line, without its options."""
    # Most lines have no blank before a hyphen, or no hyphen at all.
    options = _OPTIONS.search(line.data) if line.data.find(b"-") >= 0 else None
    text = line.data[: options.start()] if options else line.data
    stripped = text.strip()
    if stripped:
        start = len(text) - len(text.lstrip())
        span = line.span(start, start + len(stripped))
        yield Statement(source, span, stripped.decode("utf-8", "replace"))
