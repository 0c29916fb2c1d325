"""Versions beside checksums in TOML files that are no Python project: `[kit] url = "…/vV.tar.gz"`, `sha256 = "…"`.

Nothing else of these files is read, since their tables may mean anything.
"""

from __future__ import annotations

from fi_bump.formats.shared.checksummed import checksummed
from fi_bump.formats.shared.toml_strings import leaves, strings
from fi_bump.pins import Found, Source, Wanted, number_anchors


def find(source: Source, wanted: Wanted) -> Found:
    """Return the versions that have a checksum beside them. Raises ParseError for a file that is not TOML."""
    return Found(number_anchors(checksummed(source, wanted, leaves(strings(source)))))
