"""Pins in Homebrew's formulas and casks: `url "…/vV.tar.gz"`, `tag: "vV"` and `version "V"`, with their checksums.

Other Ruby files are read too, but only addresses of wanted releases are pins there. Anchors are `url SUBJECT`,
`tag SUBJECT` and `version SUBJECT`.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.addresses import file_address, release
from fi_bump.formats.shared.gathered import BESIDE
from fi_bump.formats.shared.subjects import image_names
from fi_bump.grammar import VERSION, LazyPattern, canonical_repository
from fi_bump.pins import Found, Guard, Kind, Pin, Source, Span, Wanted, make_pin, number_anchors

# A comment, or a string with the word before it.
_STRING = LazyPattern(
    rb"^[ \t]*#[^\n]*"
    rb"|(?P<word>\b\w++)[ \t]*+:?[ \t]*+(?P<quote>[\"'])(?P<value>(?:\\.|[^\"'\\\n])*)(?P=quote)",
    re.MULTILINE,
)
_RELEASE = LazyPattern(rb"v?(?=[0-9!]+\.)(?P<version>" + VERSION + rb")\Z", re.IGNORECASE)
_CHECKSUM = LazyPattern(rb"[0-9a-f]{40,128}\Z", re.IGNORECASE)
_SUMS = frozenset({b"sha256", b"revision", b"sha512", b"sha1", b"arm", b"intel"})
_CLASS = LazyPattern(rb"^[ \t]*class[ \t]+(\w+)[ \t]*<", re.MULTILINE)
_CASK = LazyPattern(rb"^[ \t]*cask[ \t]+[\"']([^\"'\n]+)[\"']", re.MULTILINE)
_CAMEL = LazyPattern(rb"(?<=[a-z0-9])(?=[A-Z])")


class _Section:
    """The strings from one `url` up to the next; the first section has none."""

    def __init__(self, url: bytes) -> None:
        self.url = url
        self.sums: list[Span] = []
        self.pins: list[tuple[Pin, str | None]] = []


def find(source: Source, wanted: Wanted) -> Found:
    """Return the releases of wanted names in a Ruby file. No input is an error."""
    title = _title(source, wanted)
    sections = [_Section(b"")]
    versions: list[Pin] = []
    for match in _STRING.finditer(source.masked):
        word, value = match["word"], match["value"]
        span = Span(*match.span("value"))
        if word == b"url":
            sections.append(_Section(value))
            addressed = _addressed(source, span, wanted)
            sections[-1].pins += [addressed] if addressed else []
        elif word == b"tag":
            repository = canonical_repository(sections[-1].url.decode("ascii"))
            tag = _version(source, span, "tag", Kind.GIT_REF, repository if repository in wanted.repositories else None)
            sections[-1].pins += [(tag, None)] if tag else []
        elif word == b"version":
            kind = Kind.REQUIREMENT if title in wanted.packages else Kind.GIT_REF
            version = _version(source, span, "version", kind, title)
            versions += [version] if version else []
        elif word in _SUMS and _CHECKSUM.match(value):
            sections[-1].sums.append(span)
    # Those before the first URL, and those of the URLs that refer to it, belong to a `version`.
    sums = [span for each in sections if not each.url or b"#{version}" in each.url for span in each.sums]
    pins = [_guarded(version, sums, None) for version in versions]
    pins += [_guarded(pin, each.sums, address) for each in sections for pin, address in each.pins]
    return Found(number_anchors(pins))


def _addressed(source: Source, span: Span, wanted: Wanted) -> tuple[Pin, str | None] | None:
    """Return the pin of a URL, and the URL with `{version}`; None for a URL of something else."""
    value = source.masked[span.start : span.end]
    address = release(value, wanted)
    if address is None or not address.versions:
        return None
    first, *others = [Span(span.start + start, span.start + end) for start, end in address.versions]
    pin = make_pin(source, *first, f"url {address.subject}", Kind.URL, address.subject)
    guard = Guard(address.reason) if address.reason else None
    return pin._replace(repeats=tuple(others), guard=guard), file_address(value, address.versions)


def _version(source: Source, span: Span, word: str, kind: Kind, subject: str | None) -> Pin | None:
    found = _RELEASE.match(source.masked[span.start : span.end])
    if found is None or subject is None:
        return None
    start, end = found.span("version")
    return make_pin(source, span.start + start, span.start + end, f"{word} {subject}", kind, subject)


def _title(source: Source, wanted: Wanted) -> str | None:
    """Return the package or repository that the formula or cask is named after, or None."""
    formula, cask = _CLASS.search(source.masked), _CASK.search(source.masked)
    name = _CAMEL.sub(b"-", formula[1]) if formula else cask[1] if cask else b""
    subject = image_names(wanted).get(name.decode("ascii").lower())
    return subject if subject not in wanted.variables else None


def _guarded(pin: Pin, sums: list[Span], address: str | None) -> Pin:
    return pin if pin.guard or not sums else pin._replace(guard=Guard(BESIDE, tuple(sums), address))
