"""Reads one member of a remote zip without downloading all of it: the end, the central directory, the member.

The format is APPNOTE.TXT (sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16). zipfile does the arithmetic: it reads from a file
object that fetches the bytes it is asked for.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from fi_bump.untrusted import one_line

# The central directory of a wheel with thousands of files takes some hundred kilobytes; most fit into this first piece.
TAIL = 1 << 16
LARGEST_MEMBER = 1 << 20
# Two members with less between them come in one piece: a round trip costs more than these bytes.
GAP = 1 << 16
LARGEST_PIECE = 4 << 20
# No central directory and no source file is larger.
LARGEST_READ = 64 << 20
# What zipfile and the decompressors raise for a file that is broken, or was made to break them.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    OSError,
    ValueError,
    struct.error,
)

Fetch = Callable[[int, int], bytes]
# Calls a function with each of several things, some of them at once; the results keep the order.
Each = Callable[[Callable[[tuple[int, int]], bytes], list[tuple[int, int]]], list[bytes]]


class Pieces(io.RawIOBase):
    """A file of known size whose bytes are fetched as they are read; neighbouring reads share one fetch."""

    def __init__(self, size: int, tail: bytes, fetch: Fetch) -> None:
        super().__init__()
        self.size = size
        self._position = 0
        self._fetch = fetch
        self._pieces = [(size - len(tail), tail)]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._at(self._position, min(len(view), max(self.size - self._position, 0)))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def fetch(self, spans: Iterable[tuple[int, int]], each: Each) -> None:
        """Fetch pieces ahead, several at once: their first and last bytes."""
        spans = list(spans)
        self._pieces += zip((first for first, _ in spans), each(lambda span: self._fetch(*span), spans), strict=True)

    def _at(self, start: int, length: int) -> bytes:
        if length == 0:
            return b""
        if length > LARGEST_READ:
            raise ValueError(f"a part of it is larger than {LARGEST_READ >> 20} MiB")
        for begin, data in self._pieces:
            if begin <= start < begin + len(data):  # perhaps not all of it: who reads asks again
                return data[start - begin : start - begin + length]
        # zipfile reads a header first and its body next: some more bytes now save a round trip.
        end = min(start + max(length, 1 << 13), self.size)
        data = self._fetch(start, end - 1)
        self._pieces.append((start, data))
        return data[:length]


def spans_of(archive: zipfile.ZipFile, wanted: Callable[[zipfile.ZipInfo], bool]) -> list[tuple[int, int]]:
    """The first and the last byte of the pieces that hold the wanted members, near ones in one piece."""
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in infos[1:]), archive.start_dir]
    spans: list[tuple[int, int]] = []
    for info, end in zip(infos, ends, strict=True):
        if not wanted(info):
            continue
        near = spans and info.header_offset - spans[-1][1] <= GAP and end - spans[-1][0] <= LARGEST_PIECE
        if near:
            spans[-1] = (spans[-1][0], end - 1)
        else:
            spans.append((info.header_offset, end - 1))
    return spans


def member(pieces: Pieces, suffix: str) -> bytes:
    """Return the only member whose name ends with `suffix` and is not in a deeper folder.

    Raises ValueError, with the reason, for a file that is not a zip, for a broken one, or for one without that member.
    """
    try:
        with zipfile.ZipFile(io.BufferedReader(pieces, 1 << 12)) as archive:
            named = [info for info in archive.infolist() if info.filename.endswith(suffix)]
            named = [info for info in named if info.filename.count("/") == suffix.count("/")]
            if len(named) != 1:
                raise ValueError(f"it contains {len(named)} files named *{suffix}")
            if named[0].file_size > LARGEST_MEMBER:
                raise ValueError(f"its {suffix} is larger than {LARGEST_MEMBER >> 20} MiB")
            return read(archive, named[0])
    except ValueError:
        raise
    except BROKEN as error:
        raise ValueError(f"it is not a complete zip file ({explained(error)})") from None


def read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes, at most as many as the directory says, however many the compressed data give.

    Raises ValueError for a compression that wheels do not have, and one of BROKEN for a broken member.
    """
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("it is compressed with a method that wheels do not have")
    pieces = []
    # Without a size, zipfile expands as much as there is in one piece.
    with archive.open(info) as stream:
        while piece := stream.read(1 << 20):
            pieces.append(piece)
    return b"".join(pieces)


def explained(error: BaseException) -> str:
    """Return the reason of one of BROKEN in lower case and on one line."""
    return one_line(str(error)).lower() or type(error).__name__
