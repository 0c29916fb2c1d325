"""Pieces of a file as one text, such as a shell command without its comments and line continuations."""

from __future__ import annotations

from bisect import bisect_right

from fi_bump.pins import Span


class Text:
    """Pieces of a file joined for matching; maps each index of `data` back to its byte offset in the file.

    `masked` is the file's masked copy, or the part of it that begins at byte `offset`.
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
        """Return the span in the file from the first to the last byte of `data[start:end]`, which must not be empty."""
        return Span(self._raw(start), self._raw(end - 1) + 1)
