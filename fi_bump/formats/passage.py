"""One text whose pieces lie in several places of a file."""

from __future__ import annotations

from fi_bump.pins import Source, Span
from fi_bump.records import NamedTuple


class Passage(NamedTuple):
    """One text whose pieces lie in several places of a file: (index in `text`, byte offset in the file), in order."""

    text: bytes
    pieces: tuple[tuple[int, int], ...]

    def offset(self, index: int) -> int:
        """Return the byte offset in the file of `text[index]`."""
        begin, offset = next(piece for piece in reversed(self.pieces) if piece[0] <= index)
        return offset + index - begin

    def span(self, start: int, end: int) -> Span:
        """Return the file's span of the non-empty `text[start:end]`, from its first to its last byte."""
        return Span(self.offset(start), self.offset(end - 1) + 1)

    def is_whole(self, source: Source, start: int, end: int) -> bool:
        """Whether `text[start:end]` is in the file in one piece."""
        span = self.span(start, end)
        return source.data[span.start : span.end] == self.text[start:end]
