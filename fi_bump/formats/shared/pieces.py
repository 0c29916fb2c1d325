"""Pieces of a file joined into one text: a command without its continuations, a string with its escapes resolved."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from fi_bump.pins import Source, Span


class Text:
    """A text to match against, which knows where in its file each of its bytes comes from.

    `data` is the text. Each piece is (index in `data`, byte offset in the file), in order: from that index on, `data`
    has the file's bytes from that offset on, up to the next piece. A byte that replaces others, as a resolved escape
    does, is a piece whose offset is that of the bytes it replaces.
    """

    __slots__ = ("_offsets", "_starts", "data")

    def __init__(self, data: bytes, pieces: Iterable[tuple[int, int]]) -> None:
        self.data = data
        self._starts = []
        self._offsets = []
        for start, offset in pieces:
            self._starts.append(start)
            self._offsets.append(offset)

    def _offset(self, index: int) -> int:
        piece = bisect_right(self._starts, index) - 1
        return self._offsets[piece] + index - self._starts[piece]

    def span(self, start: int, end: int) -> Span:
        """Return the file's span of the non-empty `data[start:end]`, from its first to its last byte.

        The span is longer than `data[start:end]` where pieces are joined inside. Of an escape at the end it covers only
        the first byte.
        """
        return Span(self._offset(start), self._offset(end - 1) + 1)

    def covered(self, places: Iterable[tuple[int, int]]) -> Text:
        """Return the text with a byte that matches nothing in place of each byte of `places`, pairs of indices."""
        data = bytearray(self.data)
        for start, end in places:
            data[start:end] = bytes(end - start)
        return Text(bytes(data), zip(self._starts, self._offsets, strict=True))

    def is_whole(self, source: Source, start: int, end: int) -> bool:
        """Whether the file has `data[start:end]` in one piece and with the same bytes."""
        span = self.span(start, end)
        return source.data[span.start : span.end] == self.data[start:end]


def joined(masked: bytes, spans: Iterable[Span], offset: int = 0) -> Text:
    """Return the text of these spans of `masked`, the file's masked copy or the part of it from byte `offset` on."""
    parts = []
    pieces = []
    length = 0
    for span in spans:
        if span.start < span.end:
            parts.append(masked[span.start : span.end])
            pieces.append((length, span.start + offset))
            length += span.end - span.start
    return Text(b"".join(parts), pieces)
