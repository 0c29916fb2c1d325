"""A release's metadata: from the METADATA file beside the wheel (PEP 658), or from inside the remote wheel."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from packaging.requirements import Requirement

from fi_bump.boundary.addresses import has_secrets
from fi_bump.errors import PackageIndexError
from fi_bump.index import remote_wheel, remote_zip
from fi_bump.index.answer import Asking
from fi_bump.index.cache import UNCHANGING
from fi_bump.index.model import File

# The largest wheel to download whole, from a server without ranges, for its 5 KB of METADATA.
LARGEST_DOWNLOAD = 8 << 20
# Requirements of releases have some hundred characters, with their markers.
LONGEST_REQUIREMENT = 4000
_BODY = re.compile(rb"\r?\n\r?\n")


class Metadata(NamedTuple):
    """A release's requirements; `bad` are those that packaging cannot parse, as they are written.

    `pages` are the addresses of the project, as they are written.
    """

    requires: tuple[Requirement, ...]
    bad: tuple[str, ...]
    requires_python: str | None
    pages: tuple[str, ...] = ()


def fetch(http: Asking, file: File) -> Metadata:
    """Return the metadata of a wheel. Raises PackageIndexError if it cannot be fetched or parsed.

    It is cached under the wheel's hash, since it never changes: the headers only, because the links of a description
    may be of any kind.
    """
    key = f"metadata {file.sha256}"
    cached = http.cache.get(key) if file.sha256 else None
    if cached is not None:
        return parse(cached.body)
    data = _fetch(http, file)
    if file.sha256 and not has_secrets(data):
        http.cache.put(key, {"cache-control": UNCHANGING}, data)
    return parse(data)


def _fetch(http: Asking, file: File) -> bytes:
    """Return the headers of METADATA: the description follows the first empty line."""
    if file.metadata_sha256 is not None:
        answer = http.get(_beside(file.url), limit=LARGEST_DOWNLOAD, keep=False)
        if answer.status == 200:
            digest = hashlib.sha256(answer.body).hexdigest()
            if file.metadata_sha256 not in ("", digest):
                raise _wrong(file, "its metadata file does not have the hash that the index gives")
            return _BODY.split(answer.body, maxsplit=1)[0]
    try:
        wheel = remote_wheel.opened(http, file, LARGEST_DOWNLOAD)
        return _BODY.split(remote_zip.member(wheel, ".dist-info/METADATA"), maxsplit=1)[0]
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
        requirement = _requirement(text)
        if requirement is None:
            bad.append(text)
        else:
            requires.append(requirement)
    home = raw.get("home_page")
    pages = (*raw.get("project_urls", {}).values(), *([home] if home else []))
    return Metadata(tuple(requires), tuple(bad), raw.get("requires_python"), pages)


def _requirement(text: str) -> Requirement | None:
    """Return a requirement whose versions and marker can be compared, or None."""
    if len(text) > LONGEST_REQUIREMENT:
        return None
    try:
        requirement = Requirement(text)
        # packaging reads a version when it compares it, and Python reads no number of thousands of digits.
        requirement.specifier.contains("1")
        if requirement.marker is not None:
            requirement.marker.evaluate({"extra": ""})
    except (ValueError, RecursionError):
        return None
    return requirement


def _beside(url: str) -> str:
    """Return the URL of the metadata file beside a wheel (PEP 658); a query stays at the end."""
    path, mark, query = url.partition("?")
    return f"{path}.metadata{mark}{query}"


def _wrong(file: File, message: str) -> PackageIndexError:
    return PackageIndexError(message, place=file.url)
