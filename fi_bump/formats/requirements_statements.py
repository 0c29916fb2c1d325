"""Everything that a requirement file says about any package: requirements, included files, indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fi_bump.formats.requirements_lines import logical_lines
from fi_bump.formats.shared.pieces import Text
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Span

_OPTIONS = LazyPattern(rb"(?:^|(?<=\s))--?[A-Za-z]")
_OPTION = re.compile(rb"\s*(--[A-Za-z][A-Za-z-]*|-[A-Za-z])(?:\s*=\s*|\s+)?(.*)\Z", re.DOTALL)
_INCLUDES = {b"-r", b"--requirement", b"-c", b"--constraint"}
_INDEX = {b"-i", b"--index-url", b"--pypi-url"}
_EXTRA = {b"--extra-index-url"}
_LINKS = {b"-f", b"--find-links"}


class Statement(NamedTuple):
    """The text of one PEP 508 requirement, and its span in the file."""

    source: Source
    span: Span
    text: str


class RequirementFile(NamedTuple):
    """The content of one file. `index_url` is the index that the file names, None for the default index; `no_index` is
    pip's option of that name. URLs are spelled as in the file."""

    statements: tuple[Statement, ...]
    includes: tuple[str, ...]
    index_url: str | None
    extra_indexes: tuple[str, ...]
    find_links: tuple[str, ...]
    no_index: bool


def read(source: Source) -> RequirementFile:
    """Parse a requirement file. Lines that pip could not read are skipped."""
    statements = []
    options: dict[str, list[str]] = {"includes": [], "index": [], "extra": [], "links": []}
    no_index = False
    for line in logical_lines(source.data):
        if line.data.lstrip().startswith(b"-"):
            no_index = _option(line.data, options) or no_index
            continue
        statements += list(_statement(source, line))
    index = options["index"][-1] if options["index"] else None
    return RequirementFile(
        statements=tuple(statements),
        includes=tuple(options["includes"]),
        index_url=index,
        extra_indexes=tuple(options["extra"]),
        find_links=tuple(options["links"]),
        no_index=no_index,
    )


def _option(text: bytes, options: dict[str, list[str]]) -> bool:
    """Record the options of a line without a requirement; return True for `--no-index`."""
    # One line may have several options: `--index-url A --extra-index-url B`.
    no_index = False
    for part in re.split(rb"\s+(?=--?[A-Za-z])", text.strip()):
        match = _OPTION.match(part)
        if match is None:
            continue
        name, value = match[1], match[2].strip().strip(b"\"'").decode("utf-8", "replace")
        if name in _INCLUDES:
            options["includes"].append(value)
        elif name in _INDEX:
            options["index"].append(value)
        elif name in _EXTRA:
            options["extra"].append(value)
        elif name in _LINKS:
            options["links"].append(value)
        no_index = no_index or name == b"--no-index"
    return no_index


def _statement(source: Source, line: Text) -> Iterator[Statement]:
    """Yield the requirement of a line, without its options."""
    options = _OPTIONS.search(line.data)
    text = line.data[: options.start()] if options else line.data
    stripped = text.strip()
    if stripped:
        start = len(text) - len(text.lstrip())
        span = line.span(start, start + len(stripped))
        yield Statement(source, span, stripped.decode("utf-8", "replace"))
