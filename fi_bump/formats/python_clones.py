"""Calls of Git libraries in a Python file, as the git commands that they are.

`Repo.clone_from(URL, path, branch="vV")` of GitPython, `repo.git.checkout("vV")`, and
`pygit2.clone_repository(URL, path, checkout_branch="vV")`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fi_bump.formats.python_literals import literals
from fi_bump.formats.shared.pieces import Text
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Span

_CALL = LazyPattern(
    rb"(?:(?<![\w.])(?P<variable>[\w.]+)[ \t]*(?::[^=\n]{1,40})?=[ \t]*)?(?<![\w.])(?:\w+\.)*"
    rb"(?P<clone>clone_from|clone_repository)[ \t]*\("
    rb"|(?<![\w.])(?P<repository>[\w.]+)\.git\.checkout[ \t]*\("
)
_VALUE = rb"(?:(?P<template>[fF])?[rb]?[\"'](?P<text>[^\"'\n]{1,300})[\"']|(?P<name>[A-Za-z_][\w.]*)[ \t]*(?=[,)\n]))"
_FIRST = LazyPattern(rb"\s*(?:url\s*=\s*)?" + _VALUE)
_KEYWORD = LazyPattern(rb"\burl\s*=\s*" + _VALUE)
_BRANCH = LazyPattern(rb"\b(?:checkout_)?branch\s*=\s*" + _VALUE)
_OPTION = LazyPattern(rb"[\"'](?:--branch[= ]|-b[ =]?)(?P<text>[^\"'\s]{1,300})[\"']")
_FIELD = LazyPattern(rb"\{(?P<name>\w+)\}")
_LONGEST_CALL = 1000


def clone_calls(source: Source) -> Iterator[Text]:
    """Yield each call that clones a repository or checks something out, as a line of the shell."""
    data = source.masked
    if b"clone_from" not in data and b"clone_repository" not in data:
        return
    strings = [literal.whole for literal in literals(source)]
    for call in _CALL.finditer(data):
        if not _is_code(data, call.start(), strings):
            continue
        start, end = call.end(), _end(data, call.end(), strings)
        line = _Line(call.start())
        if call["repository"]:
            line.add(b"git -C " + _folder(call["repository"]) + b" checkout ")
            line.value(data, _FIRST.match(data, start, end))
        else:
            line.add(b"git clone ")
            branch = _BRANCH.search(data, start, end) or _OPTION.search(data, start, end)
            if branch:
                line.add(b"-b ")
                line.value(data, branch)
                line.add(b" ")
            line.value(data, _KEYWORD.search(data, start, end) or _FIRST.match(data, start, end))
            line.add(b" " + _folder(call["variable"]) if call["variable"] else b"")
        line.add(b"\n")
        yield line.text()


def _folder(name: bytes) -> bytes:
    """Return a variable as the name of a folder, which tells one clone from another."""
    return name.replace(b".", b"_")


def _is_code(data: bytes, start: int, strings: list[Span]) -> bool:
    """Whether an offset is neither in a string nor in a comment."""
    line = data.rfind(b"\n", 0, start) + 1
    return b"#" not in data[line:start] and not any(begin <= start < end for begin, end in strings)


def _end(data: bytes, start: int, strings: list[Span]) -> int:
    """Return the offset of the bracket that closes a call."""
    last = min(start + _LONGEST_CALL, len(data))
    skipped = [span for span in strings if start <= span.start < last]
    depth, at = 1, start
    while at < last:
        if skipped and skipped[0].start <= at:
            at = max(at, skipped.pop(0).end)
            continue
        depth += {b"(": 1, b")": -1}.get(data[at : at + 1], 0)
        if depth == 0:
            return at + 1
        at += 1
    return last


class _Line:
    """A line of the shell, made of words of its own and of texts of a file."""

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self._data = b""
        self._pieces: list[tuple[int, int]] = []

    def add(self, data: bytes, offset: int | None = None) -> None:
        """Add some bytes; without an offset they are at the place of the call."""
        if data:
            self._pieces.append((len(self._data), self._offset if offset is None else offset))
            self._data += data

    def value(self, data: bytes, match: re.Match[bytes] | None) -> None:
        """Add an argument: the text of a string, or a variable as a reference."""
        if match is None:
            return
        groups = match.groupdict()
        if groups["text"] is None:
            self.add(b"$" + groups["name"].rpartition(b".")[2], match.start("name"))
            return
        text = groups["text"]
        if groups.get("template"):
            text = _FIELD.compiled.sub(lambda field: b"$" + field["name"] + b" ", text)
        self.add(text, match.start("text"))

    def text(self) -> Text:
        """Return it all."""
        return Text(self._data, self._pieces)
