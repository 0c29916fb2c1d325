"""What a release requires: METADATA beside the wheel (PEP 658), or read out of the remote wheel."""

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

# A server without ranges: beyond this a wheel is not downloaded for its five kilobytes of METADATA.
LARGEST_DOWNLOAD = 8 << 20
_BODY = re.compile(rb"\r?\n\r?\n")
_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)\Z")


class Metadata(NamedTuple):
    """A release's own word; `bad` are requirements that packaging cannot read, as they stand."""

    requires: tuple[Requirement, ...]
    bad: tuple[str, ...]
    requires_python: str | None


def fetch(http: Http, file: File) -> Metadata:
    """The metadata of a wheel. Raises PackageIndexError when it cannot be had or is none.

    What was read out of a wheel is kept under the wheel's hash: no release ever changes what it says.
    """
    if file.metadata_sha256 is not None:
        answer = http.get(file.url + ".metadata")
        if answer.status == 200:
            digest = hashlib.sha256(answer.body).hexdigest()
            if file.metadata_sha256 not in ("", digest):
                raise _wrong(file, "its metadata file does not have the hash that the index names")
            return parse(answer.body)
    key = f"metadata {file.sha256}"
    kept = http.cache.get(key) if file.sha256 else None
    if kept is not None:
        return parse(kept.body)
    try:
        data = _from_wheel(http, file)
        if file.sha256:
            http.cache.put(key, {"cache-control": UNCHANGING}, data)
        return parse(data)
    except ValueError as error:
        raise _wrong(file, f"its METADATA cannot be read: {error}") from None


def parse(data: bytes) -> Metadata:
    """METADATA as packaging reads it, each requirement on its own: a bad one must not lose the others."""
    # Only a release that was never asked about needs it, and it brings the whole of email with it.
    from packaging.metadata import parse_email

    # The headers alone: what follows the first empty line is the description.
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
    """METADATA out of the wheel. Raises ValueError for a broken wheel."""
    answer = http.get_range(file.url, None, remote_zip.TAIL)
    if answer.status != 206:
        return _from_whole(http, file, answer.headers.get("content-length", ""))
    span = _RANGE.match(answer.headers.get("content-range", ""))
    if span is None or int(span[2]) - int(span[1]) + 1 != len(answer.body):
        raise ValueError("the server answered with a range that it does not describe")
    size = int(span[3])

    def piece(first: int, last: int) -> bytes:
        part = http.get_range(file.url, first, last)
        if part.status != 206 or len(part.body) != last - first + 1:
            raise ValueError("the server stopped answering ranges")
        return part.body

    return remote_zip.member(remote_zip.Pieces(size, answer.body, piece), ".dist-info/METADATA")


def _from_whole(http: Http, file: File, length: str) -> bytes:
    """METADATA of a small wheel from a server without ranges; `length` is what it said of the whole file."""
    # A page in HTML names no size.
    known = int(length) if file.size is None and length.isdecimal() else file.size
    if known is None or known > LARGEST_DOWNLOAD:
        size = "an unknown size" if known is None else f"{known / (1 << 20):.0f} MiB"
        raise ValueError(f"the server gives no parts of a file, and all of it has {size}")
    body = http.get(file.url, limit=LARGEST_DOWNLOAD).body
    whole = remote_zip.Pieces(len(body), body, lambda first, last: body[first : last + 1])
    return remote_zip.member(whole, ".dist-info/METADATA")
