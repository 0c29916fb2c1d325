"""pip's logical lines (`pip/_internal/req/req_file.py`): continued lines joined, comments removed, offsets kept.

A line that ends in a backslash continues on the next one; a comment starts at the line's start or after white space.
"""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.formats.shared.pieces import Text
from fi_bump.grammar import LazyPattern
from fi_bump.pins import BOM

# The line ends that str.splitlines, and therefore pip, recognises.
_LINE_END = LazyPattern(rb"\r\n|[\n\r\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]|\Z")
_COMMENT = LazyPattern(rb"(?:^|(?<=\s))#")


def logical_lines(data: bytes) -> Iterator[Text]:
    """Yield pip's logical lines, except empty ones and comments."""
    position = len(BOM) if data.startswith(BOM) else 0
    parts: list[tuple[int, bytes]] = []
    for end in _LINE_END.finditer(data, position):
        if position >= len(data):
            return
        text = data[position : end.start()]
        comment = text.lstrip().startswith(b"#")
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


def _join(parts: list[tuple[int, bytes]]) -> Text | None:
    """Join the parts (byte offset, text) of a logical line and cut its comment; None if nothing is left."""
    text = b"".join([part for _, part in parts])
    comment = _COMMENT.search(text) if text.find(b"#") >= 0 else None
    if comment:
        text = text[: comment.start()]
    if not text or text.isspace():
        return None
    pieces = []
    index = 0
    for offset, part in parts:
        pieces.append((index, offset))
        index += len(part)
    return Text(text, tuple(pieces))
