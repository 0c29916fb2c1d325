"""Which files may have a command that installs a wanted package, by their text: most are passed over so.

A file is passed over only if no command that `command_places.py` could find in it would name a wanted package, or a
requirement file with one. tests/installs/test_promise.py compares this with the reading of every file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fi_bump.grammar import LazyPattern, has_any, names_any
from fi_bump.installs.pip_and_uv import install_commands
from fi_bump.pins import Source

_CONTINUED = LazyPattern(rb"\\[ \t]*\r?\n")
_ESCAPED = LazyPattern(rb"\\(?:\r?\n|.)", re.DOTALL)
# Lines without content may follow a continued line.
_CONTINUED_IN_DOCKERFILE = LazyPattern(rb"\\(?<!\\\\)[ \t]*\r?\n(?:[ \t\v\f\r]*(?:#[^\n]*)?\n)*")
_TOOL = LazyPattern(rb"pip|uv")
# The beginning of an option for a requirement file, in which quotes may be.
_OPTION = LazyPattern(rb"-[\"'\\]*(?:-[\"'\\]*)?[rc]")
# A substitution in backticks may have line ends, and an escape may be one. No command in pip_and_uv.py is longer.
_LONGEST = 20_000


def may_install(source: Source, form: str, words: tuple[bytes, ...], requirement_files: frozenset[str]) -> bool:
    """Whether a file may have a command that installs a wanted package, or a requirement file with one.

    `words` are lower-case words, one of which is in every wanted name. `requirement_files` are the names, without
    folders, of the requirement files that name a wanted package, themselves or in what they include.
    """
    data = source.data
    # The commands of pip_and_uv.py have one of the first two; the packages of a conda environment, the third.
    if not has_any(data, (b"pip", b"uv", b"index-url")):
        return False
    if names_any(data, words):
        return True
    if not requirement_files or not has_any(data, (b" -r", b"--requirement")):
        return False
    if form == "dockerfile" and data.find(b"escape") >= 0:
        return True
    return any(
        _may_be(file, requirement_files)
        for text in _joined(source.masked, form)
        for line in _lines(text)
        for command in install_commands(text, *line)
        for file in command.files
    )


def _lines(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each line in which a command may begin that names a requirement file."""
    end = 0
    for tool in _TOOL.finditer(text):
        if tool.start() < end:
            continue
        start = text.rfind(b"\n", 0, tool.start()) + 1
        end = text.find(b"\n", tool.end())
        end = len(text) if end < 0 else end
        goes_on = text.find(b"`", start, end) >= 0 or text.find(b"\\", end - 2, end) >= 0
        if _OPTION.search(text, start, end + _LONGEST if goes_on else end):
            yield start, end


def _joined(data: bytes, form: str) -> Iterator[bytes]:
    """Yield a text with its continued lines joined as `command_places.py` joins them, and with its comments."""
    if form == "dockerfile":
        yield _CONTINUED_IN_DOCKERFILE.sub(b"", data)
    elif form == "shell":
        joined = _ESCAPED.sub(lambda match: b"" if match[0][-1:] == b"\n" else match[0], data)
        yield joined
        # In single quotes a line does not go on. Where these begin is not known here.
        if joined != data and data.find(b"'") >= 0:
            yield data
    else:
        yield _CONTINUED.sub(b" ", data)


def _may_be(file: str, requirement_files: frozenset[str]) -> bool:
    """Whether the word of a command may mean one of these files: its last part, if no variable gives a part of it."""
    return "$" in file or not requirement_files.isdisjoint(file.split("/"))
