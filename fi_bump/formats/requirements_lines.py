"""pip's logical lines (`pip/_internal/req/req_file.py`): continued lines joined, comments cut, offsets kept.

A line that ends in a backslash goes on in the next one; a comment starts at the line's start or after a blank.
"""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.formats.passage import Passage
from fi_bump.grammar import LazyPattern
from fi_bump.pins import BOM

# What str.splitlines, and so pip, takes for a line's end.
_LINE_END = LazyPattern(rb"\r\n|[\n\r\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]|\Z")
_COMMENT_LINE = LazyPattern(rb"\s*#")
_COMMENT = LazyPattern(rb"(?:^|(?<=\s))#")


def logical_lines(data: bytes) -> Iterator[Passage]:
    """pip's logical lines that hold more than blanks and comments."""
    position = len(BOM) if data.startswith(BOM) else 0
    parts: list[tuple[int, bytes]] = []
    while position < len(data):
        end = _LINE_END.search(data, position)
        assert end is not None  # the pattern matches at the end of the data
        text = data[position : end.start()]
        comment = _COMMENT_LINE.match(text) is not None
        goes_on = text.endswith(b"\\") and not comment
        if goes_on:
            # pip strips the backslashes from both ends.
            position += len(text) - len(text.lstrip(b"\\"))
            text = text.strip(b"\\")
        if not comment:
            parts.append((position, text))
        position = end.end()
        if not goes_on or position >= len(data):
            line = _join(parts)
            if line is not None:
                yield line
            parts = []


def _join(parts: list[tuple[int, bytes]]) -> Passage | None:
    """One logical line of its parts (byte offset, text), cut at its comment; None when nothing is left."""
    text = b"".join([part for _, part in parts])
    comment = _COMMENT.search(text)
    if comment:
        text = text[: comment.start()]
    if not text.strip():
        return None
    pieces = []
    index = 0
    for offset, part in parts:
        pieces.append((index, offset))
        index += len(part)
    return Passage(text, tuple(pieces))
