"""Pieces of a file as one text: what a shell reads once comments and continuations are gone."""

from __future__ import annotations

from bisect import bisect_right

from fi_bump.pins import Span


class Text:
    """Pieces of a source joined for matching; knows where each byte of `data` stands in the source.

    `masked` may be a part of the source, which begins at `offset`.
    """

    __slots__ = ("_raws", "_starts", "data")

    def __init__(self, masked: bytes, pieces: list[Span], offset: int = 0) -> None:
        self._starts: list[int] = []
        self._raws: list[int] = []
        parts = []
        length = 0
        for piece in pieces:
            if piece.start < piece.end:
                self._starts.append(length)
                self._raws.append(piece.start + offset)
                parts.append(masked[piece.start : piece.end])
                length += piece.end - piece.start
        self.data = b"".join(parts)

    def _raw(self, index: int) -> int:
        piece = bisect_right(self._starts, index) - 1
        return self._raws[piece] + index - self._starts[piece]

    def span(self, start: int, end: int) -> Span:
        """Where the non-empty `data[start:end]` stands in the source, from its first byte to its last."""
        return Span(self._raw(start), self._raw(end - 1) + 1)
