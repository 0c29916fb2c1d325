"""Opens a wheel on an index without downloading it: its end first, then the pieces that are read."""

from __future__ import annotations

import re

from fi_bump.index import remote_zip
from fi_bump.index.answer import Asking
from fi_bump.index.model import File

_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})\Z")


def opened(http: Asking, file: File, largest: int) -> remote_zip.Pieces:
    """Return the wheel as a file whose bytes are fetched when they are read.

    A server without ranges has to send the whole wheel, which may have up to `largest` bytes. Raises ValueError with
    the reason when the wheel cannot be opened.
    """
    answer = http.get_range(file.url, None, remote_zip.TAIL)
    if answer.status != 206:
        return _whole(http, file, answer.headers.get("content-length", ""), largest)
    span = _RANGE.match(answer.headers.get("content-range", ""))
    if span is None or int(span[2]) - int(span[1]) + 1 != len(answer.body):
        raise ValueError("the server answered with a part of the file and no valid content-range")
    size = int(span[3])
    if int(span[2]) >= size:
        raise ValueError("the server answered with a part of the file and no valid content-range")

    def piece(first: int, last: int) -> bytes:
        part = http.get_range(file.url, first, last)
        if part.status != 206 or len(part.body) != last - first + 1:
            raise ValueError("the server stopped serving ranges")
        return part.body

    return remote_zip.Pieces(size, answer.body, piece)


def _whole(http: Asking, file: File, length: str, largest: int) -> remote_zip.Pieces:
    """Download the wheel; `length` is its content-length header."""
    # HTML pages give no file sizes.
    known = int(length) if file.size is None and length.isdecimal() and len(length) < 16 else file.size
    if known is None or known > largest:
        size = "an unknown size" if known is None else f"{known / (1 << 20):.0f} MiB"
        raise ValueError(f"the server does not serve ranges, and the whole file has {size}")
    body = http.get(file.url, limit=largest).body
    return remote_zip.Pieces(len(body), body, lambda first, last: body[first : last + 1])
