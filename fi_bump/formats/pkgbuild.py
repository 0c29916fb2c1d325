"""Pins in Arch Linux's PKGBUILD: `pkgver` of a package of a wanted name, and what its functions pin as a shell script.

Each checksum of `sha256sums=('…')` belongs to the release, so the version moves only together with them.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.gathered import BESIDE
from fi_bump.formats.shared.subjects import distribution_subject
from fi_bump.formats.shell_lines import read
from fi_bump.formats.shell_script import ScriptReader
from fi_bump.grammar import VERSION, LazyPattern
from fi_bump.pins import Found, Guard, Kind, Source, Span, Wanted

_NAMES = LazyPattern(rb"^[ \t]*_?(?:pkgname|pkgbase|name)=\(?[\"']?(?P<name>[\w.+-]+)", re.MULTILINE)
_VERSION = LazyPattern(rb"^[ \t]*_?pkgver=[\"']?v?(?P<version>" + VERSION + rb")[\"']?[ \t]*$", re.MULTILINE)
_SUMS = LazyPattern(rb"^[ \t]*(?:md5|sha1|sha224|sha256|sha384|sha512|b2)sums\w*\+?=\((?P<sums>[^)]*)\)", re.MULTILINE)
_SUM = LazyPattern(rb"(?<![0-9A-Za-z])[0-9a-f]{32,128}(?![0-9A-Za-z])", re.IGNORECASE)


def find(source: Source, wanted: Wanted) -> Found:
    """Return the version of a PKGBUILD about something wanted, and the pins of its script. No input is an error."""
    text = read(source.masked, Span(0, len(source.data)))
    scripts = ScriptReader(source, wanted)
    names = [match["name"].decode("ascii") for match in _NAMES.finditer(text.data)]
    subject = next((found for name in names if (found := distribution_subject(name, wanted))), None)
    version = _VERSION.search(text.data)
    if subject and version:
        kind = Kind.REQUIREMENT if subject in wanted.packages else Kind.GIT_REF
        sums = [
            text.span(*each.span())
            for array in _SUMS.finditer(text.data)
            for each in _SUM.finditer(text.data, *array.span("sums"))
        ]
        guard = Guard(BESIDE, tuple(sums)) if sums else None
        scripts.gathered.pin(text.span(*version.span("version")), "pkgver", kind, subject, (), guard)
    scripts.text(text, "")
    return scripts.found()
