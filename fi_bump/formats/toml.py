"""Versions beside checksums in TOML files that are no Python project: `[kit] url = "…/vV.tar.gz"`, `sha256 = "…"`.

Other versions of wanted names are reported and not moved, since the tables of these files may mean anything.
"""

from __future__ import annotations

from fi_bump.formats import shell
from fi_bump.formats.shared.checksummed import checksummed
from fi_bump.formats.shared.gathered import release_at
from fi_bump.formats.shared.parts import FilePart, read_parts, reported, unescaped
from fi_bump.formats.shared.toml_strings import TomlString, leaves, strings
from fi_bump.grammar import variable_of
from fi_bump.pins import BY_HAND, Found, Source, Unpinned, Wanted, number_anchors

_UNKNOWN = f"in a TOML file that fi-bump does not know: {BY_HAND}"


def find(source: Source, wanted: Wanted) -> Found:
    """Return the versions with a checksum beside them, and reports. Raises ParseError for a file that is not TOML."""
    found = list(strings(source))
    pins = number_anchors(checksummed(source, wanted, leaves(found)))
    parts = [FilePart(unescaped(source.masked[slice(*each.span)]), each.span.start) for each in found]
    reports = {place.span: place for place in reported(source, read_parts(source, wanted, shell.find, parts), _UNKNOWN)}
    for string in found:
        place = _bound(source, wanted, string)
        if place is not None:
            reports[place.span] = place
    for pin in pins:
        reports.pop(pin.span, None)
    return Found(pins, tuple([reports[span] for span in sorted(reports)]))


def _bound(source: Source, wanted: Wanted, string: TomlString) -> Unpinned | None:
    """Return the report for a version whose key is a wanted variable."""
    key = next((each for each in reversed(string.path) if isinstance(each, str)), "")
    subject = variable_of(key.replace("-", "_"), wanted.variables)
    span = release_at(source, string.span)
    return None if subject is None or span is None else Unpinned(source, span, subject, _UNKNOWN)
