"""Gentoo's ebuilds, and the Manifest with the checksums of the files that they download.

The version of an ebuild is in its file name, which fi-bump does not change. A Manifest is a table of versions and
checksums. A version that an ebuild writes out has its checksum in the Manifest.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.gathered import Gathered
from fi_bump.formats.shared.subjects import distribution_subject
from fi_bump.formats.shell_script import find_in_shell
from fi_bump.grammar import VERSION, LazyPattern
from fi_bump.pins import Found, Guard, Source, Span, Wanted

_DIST = LazyPattern(
    rb"^DIST[ \t]+(?P<name>[A-Za-z][\w.+-]*?)-v?(?P<version>"
    + VERSION
    + rb")(?=[.+_-][a-z])\S*[ \t]+[0-9]+[ \t]+[A-Z0-9]+[ \t]+[0-9a-f]{32,}",
    re.MULTILINE | re.IGNORECASE,
)
_MANIFEST = "the Manifest contains the checksum: update the version, then run ebuild FILE manifest"


def find(source: Source, wanted: Wanted) -> Found:
    """Return the table of a Manifest, or what an ebuild pins as a shell script. No input is an error."""
    if source.path.lower().endswith(".ebuild"):
        found = find_in_shell(source, wanted, [(Span(0, len(source.data)), "")])
        guard = Guard(_MANIFEST)
        return found._replace(pins=tuple([pin._replace(guard=pin.guard or guard) for pin in found.pins]))
    gathered = Gathered(source)
    rows: dict[str, list[Span]] = {}
    for match in _DIST.finditer(source.masked):
        subject = distribution_subject(match["name"].decode("ascii"), wanted)
        if subject:
            rows.setdefault(subject, []).append(Span(*match.span("version")))
    for subject, spans in rows.items():
        gathered.table(spans, subject)
    return gathered.found()
