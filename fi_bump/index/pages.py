"""A project's page, as JSON (PEP 691, PEP 700) or HTML (PEP 503), read into files."""

from __future__ import annotations

import json
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import Version

from fi_bump.errors import PackageIndexError
from fi_bump.index.address import absolute, redacted
from fi_bump.index.http import Answer
from fi_bump.index.model import File

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
ACCEPT = f"{JSON}, {HTML};q=0.2, text/html;q=0.1"
_NOT_AN_INDEX = "name the index's simple page, not a file or a web page"


def files_of(answer: Answer, package: str) -> tuple[File, ...]:
    """The release files that a page lists; what is no release of the package is left out.

    Raises PackageIndexError for an answer that is no such page.
    """
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON:
        return _from_json(answer, package)
    if kind in (HTML, "text/html", "application/xhtml+xml"):
        return _from_html(answer, package)
    shown = kind or "nothing at all"
    raise _wrong(answer, f"the index answered with {shown}, not with a project's page")


def _wrong(answer: Answer, message: str) -> PackageIndexError:
    return PackageIndexError(message, place=redacted(answer.url), hint=_NOT_AN_INDEX)


def _version(name: str, package: str) -> Version | None:
    """The version in a release file's name, when it is one of the package."""
    if name.endswith(".whl"):
        parts = name.split("-")
        # Five parts, or six with a build number (the binary distribution format); the rest are read when it matters.
        return _release("-".join(parts[:2]) + ".zip", package) if len(parts) in (5, 6) else None
    return _release(name, package) if name.endswith((".tar.gz", ".zip")) else None


@lru_cache(maxsize=1 << 14)
def _release(name: str, package: str) -> Version | None:
    """The version in `NAME-VERSION.zip` or `.tar.gz`; the files of a release share one answer."""
    try:
        parsed, version = parse_sdist_filename(name)
    except InvalidSdistFilename:
        return None
    return version if parsed == package else None


def _from_json(answer: Answer, package: str) -> tuple[File, ...]:
    try:
        document = json.loads(answer.body)
    except ValueError:
        raise _wrong(answer, "the index promised JSON and sent something else, or half of it") from None
    entries = document.get("files") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise _wrong(answer, "the index's JSON is no project's page: it has no files")
    files = []
    for entry in entries:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("filename", "url")):
            raise _wrong(answer, "the index's JSON lists a file without a name or an address")
        version = _version(entry["filename"], package)
        if version is not None:
            files.append(_file(answer, entry, version))
    return tuple(files)


def _file(answer: Answer, entry: dict[str, Any], version: Version) -> File:
    yanked = entry.get("yanked", False)
    hashes = entry.get("hashes")
    return File(
        entry["filename"],
        absolute(answer.url, entry["url"]),
        version,
        hashes.get("sha256") if isinstance(hashes, dict) else None,
        entry["size"] if isinstance(entry.get("size"), int) else None,
        entry["upload-time"] if isinstance(entry.get("upload-time"), str) else None,
        (yanked if isinstance(yanked, str) else "") if yanked else None,
        entry["requires-python"] if isinstance(entry.get("requires-python"), str) else None,
        _metadata_hash(entry.get("core-metadata", entry.get("dist-info-metadata", False))),
    )


def _metadata_hash(value: object) -> str | None:
    """PEP 714: true, or a table of hashes; false or absent without a metadata file."""
    if isinstance(value, dict):
        digest = value.get("sha256", "")
        return digest if isinstance(digest, str) else ""
    return "" if value else None


class _Links(HTMLParser):
    """The anchors of a page with their attributes, and its base address."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[dict[str, str]] = []
        self.base: str | None = None
        self.is_html = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.is_html = True
        if tag == "a" and "href" in values:
            self.links.append(values)
        elif tag == "base" and self.base is None:
            self.base = values.get("href")


def _from_html(answer: Answer, package: str) -> tuple[File, ...]:
    parser = _Links()
    parser.feed(answer.body.decode("utf-8", "replace"))
    parser.close()
    if not parser.is_html:
        raise _wrong(answer, "the index promised HTML and sent something else")
    base = urljoin(answer.url, parser.base) if parser.base else answer.url
    files = []
    for link in parser.links:
        url, fragment = urldefrag(urljoin(base, link["href"]))
        name = unquote(url.partition("?")[0].rpartition("/")[2])
        version = _version(name, package)
        if version is None:
            continue
        sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
        metadata = link.get("data-core-metadata", link.get("data-dist-info-metadata"))
        files.append(
            File(
                name,
                absolute(answer.url, url),
                version,
                sha256,
                yanked=link.get("data-yanked"),
                requires_python=link.get("data-requires-python"),
                metadata_sha256=None if metadata in (None, "false") else metadata.partition("sha256=")[2],
            )
        )
    return tuple(files)
