"""Answers `file://` URLs as a server would: a folder as a page of links, a file as its bytes."""

from __future__ import annotations

import html
import os
from urllib.parse import quote, unquote, urlsplit

from fi_bump.boundary.reading import open_regular, read_regular
from fi_bump.errors import reason_of


class LocalFailure(OSError):
    """The file system refused; the message is the reason."""


def is_local(url: str) -> bool:
    """Whether a URL names this machine's file system."""
    return url.startswith("file:")


def read(url: str, limit: int) -> tuple[int, str, bytes]:
    """Return status, content type and body; the status is 404 if there is no such path.

    Raises LocalFailure, also for a file of more than `limit` bytes, a pipe or a device.
    """
    path = unquote(urlsplit(url).path)
    try:
        if os.path.isdir(path):
            page = os.path.join(path, "index.html")
            if not os.path.lexists(page):
                names = sorted(entry.name for entry in os.scandir(path) if entry.is_file())
                links = "".join(f'<a href="{quote(os.fsencode(name))}">{html.escape(name)}</a>\n' for name in names)
                return 200, "text/html", f"<html>\n{links}</html>\n".encode("utf-8", "surrogateescape")
            path = page
        data = read_regular(path, limit)
        return 200, "text/html" if path.endswith(".html") else "application/octet-stream", data
    except (FileNotFoundError, NotADirectoryError):
        return 404, "text/plain", b""
    except (OSError, ValueError) as error:
        raise _failure(error) from None


def read_range(url: str, first: int | None, last: int) -> tuple[int, int, bytes]:
    """Return start, file size and the bytes `first` to `last` inclusive (the last `last` if `first` is None)."""
    path = unquote(urlsplit(url).path)
    try:
        descriptor, size = open_regular(path)
        with open(descriptor, "rb") as stream:
            start = max(size - last, 0) if first is None else first
            stream.seek(start)
            return start, size, stream.read(last if first is None else last - first + 1)
    except (OSError, ValueError) as error:
        raise _failure(error) from None


def _failure(error: OSError | ValueError) -> LocalFailure:
    # A path with a NUL is a ValueError.
    return LocalFailure(reason_of(error) if isinstance(error, OSError) else "is not a path")
