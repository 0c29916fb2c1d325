"""A release's metadata: from the METADATA file beside the wheel (PEP 658), or from inside the remote wheel."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from fi_bump.errors import PackageIndexError
from fi_bump.index import remote_zip
from fi_bump.index.address import redacted
from fi_bump.index.cache import UNCHANGING
from fi_bump.index.http import Http
from fi_bump.index.model import File

# The largest wheel to download whole, from a server without ranges, for its 5 KB of METADATA.
LARGEST_DOWNLOAD = 8 << 20
_BODY = re.compile(rb"\r?\n\r?\n")
_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)\Z")


class Metadata(NamedTuple):
    """A release's requirements; `bad` are those that packaging cannot parse, as they are written."""

    requires: tuple[Requirement, ...]
    bad: tuple[str, ...]
    requires_python: str | None


def fetch(http: Http, file: File) -> Metadata:
    """Return the metadata of a wheel. Raises PackageIndexError if it cannot be fetched or parsed.

    Metadata from inside a wheel is cached under the wheel's hash, since it never changes.
    """
    if file.metadata_sha256 is not None:
        answer = http.get(file.url + ".metadata")
        if answer.status == 200:
            digest = hashlib.sha256(answer.body).hexdigest()
            if file.metadata_sha256 not in ("", digest):
                raise _wrong(file, "its metadata file does not have the hash that the index gives")
            return parse(answer.body)
    key = f"metadata {file.sha256}"
    cached = http.cache.get(key) if file.sha256 else None
    if cached is not None:
        return parse(cached.body)
    try:
        data = _from_wheel(http, file)
        if file.sha256:
            http.cache.put(key, {"cache-control": UNCHANGING}, data)
        return parse(data)
    except ValueError as error:
        raise _wrong(file, f"its METADATA cannot be read: {error}") from None


def parse(data: bytes) -> Metadata:
    """Parse METADATA with packaging, each requirement by itself, so that a bad one does not lose the others."""
    # Imported here because only a new release needs it, and it imports all of `email`.
    from packaging.metadata import parse_email

    # The headers only; the description follows the first empty line.
    raw, unparsed = parse_email(_BODY.split(data, maxsplit=1)[0])
    requires, bad = [], []
    texts = [*raw.get("requires_dist", []), *unparsed.get("requires-dist", [])]
    for text in texts:
        try:
            requires.append(Requirement(text))
        except InvalidRequirement:
            bad.append(text)
    return Metadata(tuple(requires), tuple(bad), raw.get("requires_python"))


def _wrong(file: File, message: str) -> PackageIndexError:
    return PackageIndexError(message, place=redacted(file.url))


def _from_wheel(http: Http, file: File) -> bytes:
    """Read METADATA from inside the wheel. Raises ValueError for a broken wheel."""
    answer = http.get_range(file.url, None, remote_zip.TAIL)
    if answer.status != 206:
        return _from_whole(http, file, answer.headers.get("content-length", ""))
    span = _RANGE.match(answer.headers.get("content-range", ""))
    if span is None or int(span[2]) - int(span[1]) + 1 != len(answer.body):
        raise ValueError("the server answered with a part of the file and no valid content-range")
    size = int(span[3])

    def piece(first: int, last: int) -> bytes:
        part = http.get_range(file.url, first, last)
        if part.status != 206 or len(part.body) != last - first + 1:
            raise ValueError("the server stopped serving ranges")
        return part.body

    return remote_zip.member(remote_zip.Pieces(size, answer.body, piece), ".dist-info/METADATA")


def _from_whole(http: Http, file: File, length: str) -> bytes:
    """Read METADATA of a small wheel from a server without ranges; `length` is its content-length header."""
    # HTML pages give no file sizes.
    known = int(length) if file.size is None and length.isdecimal() else file.size
    if known is None or known > LARGEST_DOWNLOAD:
        size = "an unknown size" if known is None else f"{known / (1 << 20):.0f} MiB"
        raise ValueError(f"the server does not serve ranges, and the whole file has {size}")
    body = http.get(file.url, limit=LARGEST_DOWNLOAD).body
    whole = remote_zip.Pieces(len(body), body, lambda first, last: body[first : last + 1])
    return remote_zip.member(whole, ".dist-info/METADATA")
