"""Parses a project page, in JSON (PEP 691, PEP 700) or HTML (PEP 503), into files."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from packaging.utils import parse_sdist_filename
from packaging.version import Version

from fi_bump.boundary.addresses import redacted
from fi_bump.errors import PackageIndexError
from fi_bump.index.address import absolute, is_downgrade
from fi_bump.index.answer import HttpAnswer
from fi_bump.index.html_tags import start_tags
from fi_bump.index.model import File
from fi_bump.untrusted import one_line

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
# The largest page of a public index has 10 MiB. One of this size takes seconds to read.
LARGEST = 32 << 20
ACCEPT = f"{JSON}, {HTML};q=0.2, text/html;q=0.1"
_NOT_AN_INDEX = "give the URL of the index's simple API, not of a file or a web page"
# File systems allow no longer names.
_LONGEST_NAME = 255
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def files_of(answer: HttpAnswer, package: str) -> tuple[File, ...]:
    """Return the release files that a page lists, without files that are not releases of the package.

    Raises PackageIndexError for an answer that is not a project page.
    """
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON:
        return _from_json(answer, package)
    if kind in (HTML, "text/html", "application/xhtml+xml"):
        return _from_html(answer, package)
    shown = one_line(kind) or "no content type"
    raise _wrong(answer, f"the index answered with {shown}, not with a project page in JSON or HTML")


def _wrong(answer: HttpAnswer, message: str) -> PackageIndexError:
    return PackageIndexError(message, place=answer.url, hint=_NOT_AN_INDEX)


def _link(answer: HttpAnswer, url: str, base: str | None = None) -> str:
    """Return the complete URL of a file on a page. Raises PackageIndexError for a URL that no index may link to."""
    try:
        whole = absolute(base or answer.url, url)
    except ValueError:
        raise _wrong(answer, f"the index lists a file at '{one_line(redacted(url))}', which is not a URL") from None
    if not (whole.startswith(("https://", "http://")) or answer.url.startswith("file:")):
        # A remote page must not make us read this machine's own files.
        raise _wrong(answer, f"the index lists a file at '{one_line(redacted(whole))}', which is not on a web server")
    if is_downgrade(answer.url, whole):
        # Anybody on the way could change the file, and what asks for it.
        shown = one_line(redacted(whole))
        raise _wrong(answer, f"the index lists a file at '{shown}', without the encryption of its own page")
    return whole


def _sha256(text: object) -> str | None:
    """Return a sha256 in lower case, as the lock and requirement files write it; None for any other text."""
    lowered = text.lower() if isinstance(text, str) else ""
    return lowered if _SHA256.match(lowered) else None


def _refuse_newer(answer: HttpAnswer, version: object) -> None:
    """Raise PackageIndexError for an API version other than 1 (PEP 629), whose meaning is unknown."""
    if isinstance(version, str) and version.partition(".")[0] != "1":
        raise _wrong(answer, f"the index uses version {one_line(version)} of the simple API, and fi-bump knows only 1")


def _version(name: str, package: str) -> Version | None:
    """Return the version in a release file's name, or None if it is not a file of the package."""
    if len(name) > _LONGEST_NAME or not name.isprintable() or "/" in name:
        return None
    if name.endswith(".whl"):
        parts = name.split("-")
        # Five parts, or six with a build number (binary distribution format); the other parts are parsed when needed.
        return _release("-".join(parts[:2]) + ".zip", package) if len(parts) in (5, 6) else None
    return _release(name, package) if name.endswith((".tar.gz", ".zip")) else None


@lru_cache(maxsize=1 << 14)
def _release(name: str, package: str) -> Version | None:
    """Return the version in `NAME-VERSION.zip` or `.tar.gz`, or None. Cached: a release's files share it."""
    try:
        parsed, version = parse_sdist_filename(name)
    except ValueError:  # InvalidSdistFilename is a ValueError; so is the error for a number too long for Python.
        return None
    return version if parsed == package else None


def _from_json(answer: HttpAnswer, package: str) -> tuple[File, ...]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise _wrong(answer, "the index's answer is not valid JSON, although its content type is JSON") from None
    meta = document.get("meta") if isinstance(document, dict) else None
    _refuse_newer(answer, meta.get("api-version") if isinstance(meta, dict) else None)
    entries = document.get("files") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise _wrong(answer, "the index's JSON is not a project page: it has no list of files")
    files = []
    for entry in entries:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("filename", "url")):
            raise _wrong(answer, "the index's JSON lists a file without a name or a URL")
        version = _version(entry["filename"], package)
        if version is not None:
            files.append(_file(answer, entry, version))
    return tuple(files)


def _file(answer: HttpAnswer, entry: dict[str, Any], version: Version) -> File:
    yanked = entry.get("yanked", False)
    hashes = entry.get("hashes")
    return File(
        name=entry["filename"],
        url=_link(answer, entry["url"]),
        version=version,
        sha256=_sha256(hashes.get("sha256")) if isinstance(hashes, dict) else None,
        size=entry["size"] if isinstance(entry.get("size"), int) else None,
        uploaded=entry["upload-time"] if isinstance(entry.get("upload-time"), str) else None,
        yanked=(one_line(yanked) if isinstance(yanked, str) else "") if yanked else None,
        requires_python=entry["requires-python"] if isinstance(entry.get("requires-python"), str) else None,
        metadata_sha256=_metadata_hash(entry.get("core-metadata", entry.get("dist-info-metadata", False))),
    )


def _metadata_hash(value: object) -> str | None:
    """Return the metadata file's hash (PEP 714), empty if none is given; None without a metadata file."""
    if isinstance(value, dict):
        digest = value.get("sha256", "")
        return digest if isinstance(digest, str) else ""
    return "" if value else None


def _from_html(answer: HttpAnswer, package: str) -> tuple[File, ...]:
    links: list[dict[str, str]] = []
    address, interface, is_html = None, None, False
    for tag, values in start_tags(answer.body.decode("utf-8", "replace")):
        is_html = True
        if tag == "a" and "href" in values:
            links.append(values)
        elif tag == "base" and address is None:
            address = values.get("href")
        elif tag == "meta" and values.get("name") == "pypi:repository-version":
            interface = values.get("content")
    if not is_html:
        raise _wrong(answer, "the index's answer is not HTML, although its content type is HTML")
    _refuse_newer(answer, interface)
    base = _link(answer, address) if address else answer.url
    files = []
    for link in links:
        href, _, fragment = link["href"].partition("#")
        name = unquote(href.partition("?")[0].rpartition("/")[2])
        version = _version(name, package)
        if version is None:
            continue
        metadata = link.get("data-core-metadata", link.get("data-dist-info-metadata"))
        files.append(
            File(
                name,
                _link(answer, href, base),
                version,
                _sha256(fragment.removeprefix("sha256=")) if fragment.startswith("sha256=") else None,
                yanked=None if (yanked := link.get("data-yanked")) is None else one_line(yanked),
                requires_python=link.get("data-requires-python"),
                metadata_sha256=None if metadata in (None, "false") else metadata.partition("sha256=")[2],
            )
        )
    return tuple(files)
