"""Answers `file://` URLs as a server would: a folder as a page of links, a file as its bytes."""

from __future__ import annotations

import html
import os
from urllib.parse import quote, unquote, urlsplit

from fi_bump.errors import reason_of


class LocalFailure(OSError):
    """The file system refused; the message is the reason."""


def is_local(url: str) -> bool:
    """Whether a URL names this machine's file system."""
    return url.startswith("file:")


def read(url: str) -> tuple[int, str, bytes]:
    """Return status, content type and body; the status is 404 if there is no such path."""
    path = unquote(urlsplit(url).path)
    try:
        if os.path.isdir(path):
            page = os.path.join(path, "index.html")
            if not os.path.isfile(page):
                names = sorted(entry.name for entry in os.scandir(path) if entry.is_file())
                links = "".join(f'<a href="{quote(name)}">{html.escape(name)}</a>\n' for name in names)
                return 200, "text/html", f"<html>\n{links}</html>\n".encode()
            path = page
        with open(path, "rb") as stream:
            return 200, "text/html" if path.endswith(".html") else "application/octet-stream", stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return 404, "text/plain", b""
    except OSError as error:
        raise LocalFailure(reason_of(error)) from None


def read_range(url: str, first: int | None, last: int) -> tuple[int, int, bytes]:
    """Return start, file size and the bytes `first` to `last` inclusive (the last `last` if `first` is None)."""
    path = unquote(urlsplit(url).path)
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            start = max(size - last, 0) if first is None else first
            stream.seek(start)
            return start, size, stream.read(last if first is None else last - first + 1)
    except OSError as error:
        raise LocalFailure(reason_of(error)) from None
