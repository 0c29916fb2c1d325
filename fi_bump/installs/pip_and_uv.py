"""Read the commands of pip and uv that install packages, with the options that decide which indexes they ask.

Nothing is executed. A word keeps its references (`${NAME}`, `$(…)`); the caller knows what variables hold.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from fi_bump.grammar import LazyPattern

_FLAGS = rb"(?:[ \t]+-[\w-]+(?:=\S+)?(?:[ \t]+(?!pip|install|download|wheel|sync|compile|add)[^-\s]\S*)?){0,9}?"
# `uv pip install`, `uv add`, `python -m pip install`, `pip3.12 --no-cache-dir install`.
_COMMAND = LazyPattern(
    rb"(?<![\w-])(?:(?P<uv>uv)" + _FLAGS + rb"[ \t]+(?:pip" + _FLAGS + rb"[ \t]+(?:install|sync|compile)|add)"
    rb"|pip(?:3(?:\.[0-9]+)?)?" + _FLAGS + rb"[ \t]+(?:install|download|wheel))(?![\w-])"
)
_DEFAULT = frozenset({"-i", "--index-url", "--pypi-url", "--default-index"})
_EXTRA = frozenset({"--extra-index-url", "--index"})
_FILES = frozenset({"-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints"})
_LINKS = frozenset({"-f", "--find-links"})
_WITH_VALUE = _DEFAULT | _EXTRA | _FILES | _LINKS | {"--index-strategy"}
# The strategies with which uv compares the releases of all indexes, as pip does.
_ALL_INDEXES = frozenset({"unsafe-best-match", "unsafe-first-match"})
_REFERENCE = re.compile(r"\$\{(?P<braced>\w+)(?::?[-=](?P<default>[^${}]*))?\}|\$(?P<plain>\w+)")
_URL_NAME = re.compile(r"[\w.-]+=(?=\w+:/|\$)")
_MOST_WORDS = 400


class Word(NamedTuple):
    """A word of a command without its quotes, and its start in the text."""

    text: str
    start: int


class InstallCommand(NamedTuple):
    """One command. `start` is its position in the text; `default` is the last default index that it names.

    `files` are the requirement and constraint files. `all_indexes` is whether uv is told to compare the releases of all
    indexes, or None where the command does not say.
    """

    start: int
    tool: str
    requirements: tuple[Word, ...]
    default: Word | None
    extra: tuple[Word, ...]
    files: tuple[str, ...]
    has_links: bool
    no_index: bool
    all_indexes: bool | None


def install_commands(data: bytes, start: int = 0, end: int = sys.maxsize) -> Iterator[InstallCommand]:
    """Yield the commands that begin between two indices of a text of shell commands with joined continuation lines."""
    for match in _COMMAND.finditer(data, start, end):
        words = list(_words(data, match.end()))
        yield _command(match.start(), "uv" if match["uv"] else "pip", words)


def expand(text: str, variables: dict[str, str]) -> str | None:
    """Replace the references to variables; None if a variable is not known, or if a command gives a part of it."""
    left = False

    def value(match: re.Match[str]) -> str:
        nonlocal left
        known = variables.get(match["braced"] or match["plain"]) or match["default"]
        left = left or known is None
        return known or ""

    result = _REFERENCE.sub(value, text)
    return None if left or "$" in result or "`" in result else result


def _command(start: int, tool: str, words: list[Word]) -> InstallCommand:
    requirements: list[Word] = []
    indexes: list[Word] = []
    extra: list[Word] = []
    files: list[str] = []
    links = no_index = False
    strategy: bool | None = None
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.text.startswith("-"):
            requirements.append(word)
            continue
        name, separator, value = word.text.partition("=")
        if not separator and word.text[:2] in ("-i", "-r", "-c", "-f") and len(word.text) > 2:
            name, value, separator = word.text[:2], word.text[2:], "="
        at = word.start
        if name in _WITH_VALUE and not separator:
            if position == len(words):
                break
            value, at = words[position]
            position += 1
        given = Word(_URL_NAME.sub("", value, count=1) if _URL_NAME.match(value) else value, at)
        if name in _DEFAULT:
            indexes.append(given)
        elif name in _EXTRA:
            extra.append(given)
        elif name in _FILES:
            files.append(value)
        elif name in _LINKS:
            links = True
        elif name == "--index-strategy":
            strategy = value in _ALL_INDEXES
        elif name == "--no-index":
            no_index = True
    return InstallCommand(
        start=start,
        tool=tool,
        requirements=tuple(requirements),
        default=indexes[-1] if indexes else None,
        extra=tuple(extra),
        files=tuple(files),
        has_links=links,
        no_index=no_index,
        all_indexes=strategy,
    )


def _words(data: bytes, start: int) -> Iterator[Word]:
    """Yield the words from `start` to the end of the command: an unquoted `;`, `&`, `|`, `)`, comment or line end."""
    text = data[start : start + 20_000].decode("latin-1")
    position = 0
    for _ in range(_MOST_WORDS):
        while position < len(text) and text[position] in " \t\r":
            position += 1
        if position >= len(text) or text[position] in ";|&)\n#":
            return
        begin = position
        word, position = _word(text, position)
        if not re.fullmatch(r"[0-9]*[<>]", word):
            yield Word(word, start + begin)


def _word(text: str, position: int) -> tuple[str, int]:
    """Return the word at a position and the position after it."""
    parts: list[str] = []
    begin = position
    while position < len(text):
        char = text[position]
        if char in " \t\r\n;|)":
            break
        if char == "&":
            if text[position - 1 : position] not in (">", "<") and position > begin:
                break
            position += 1
            continue
        if char in "\"'":
            closed = text.find(char, position + 1)
            # A quote that its line does not close ends a YAML string: it is not a part of the word.
            line_end = text.find("\n", position)
            if closed < 0 or (0 <= line_end < closed):
                position += 1
                continue
            parts.append(text[position + 1 : closed])
            position = closed + 1
        elif char == "\\" and position + 1 < len(text):
            parts.append(text[position + 1])
            position += 2
        elif char == "$" and text[position + 1 : position + 2] in ("(", "{"):
            end = _balanced(text, position + 1)
            parts.append(text[position:end])
            position = end
        elif char == "`":
            closed = text.find("`", position + 1)
            end = len(text) if closed < 0 else closed + 1
            parts.append(text[position:end])
            position = end
        else:
            parts.append(char)
            position += 1
    return "".join(parts), max(position, begin + 1)


def _balanced(text: str, position: int) -> int:
    """Return the index after the bracket that closes the one at `position`, or the end of the line."""
    opening = text[position]
    closing = ")" if opening == "(" else "}"
    depth = 0
    for index in range(position, len(text)):
        if text[index] == opening:
            depth += 1
        elif text[index] == closing:
            depth -= 1
            if depth == 0:
                return index + 1
        elif text[index] == "\n":
            return index
    return len(text)
