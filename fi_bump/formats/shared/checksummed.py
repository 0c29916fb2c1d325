"""Versions beside checksums in documents of any shape (JSON, TOML): pins that move only together with the checksums.

fi-bump does not know what a version without a checksum is for there, so it leaves that alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fi_bump.formats.shared.addresses import release
from fi_bump.formats.shared.beside import Checksums, Leaf
from fi_bump.formats.shared.subjects import image_names
from fi_bump.grammar import VERSION, LazyPattern, canonical_name, variable_of
from fi_bump.pins import Kind, Pin, Source, Span, Wanted, make_pin

_RELEASE = LazyPattern(
    rb"(?:==)?(?:refs/tags/)?v?(?=[0-9!]+\.)(?P<version>" + VERSION + rb")(?:\+[\w.]+)?\Z", re.IGNORECASE
)
_VERSION_KEYS = frozenset({"version", "tag", "rev", "ref", "release", "resolved_version"})
_NAME_KEYS = frozenset({"name", "pname", "package", "repo", "repository", "project"})


def checksummed(source: Source, wanted: Wanted, leaves: Iterable[Leaf]) -> list[Pin]:
    """Return the pins of a document that have a checksum, in the order of the file."""
    leaves = list(leaves)
    checksums = Checksums(source, leaves)
    if not checksums:
        return []
    names = {
        leaf.containers[-1]: source.text(leaf.span)
        for leaf in leaves
        if leaf.containers and not leaf.listed and leaf.names and leaf.names[-1].lower() in _NAME_KEYS
    }
    pins = [pin for leaf in leaves if (pin := _pin(source, wanted, leaf, names)) is not None]
    return [pin for pin in map(checksums.guarded, pins) if pin.guard]


def _pin(source: Source, wanted: Wanted, leaf: Leaf, names: dict[object, str]) -> Pin | None:
    value = source.masked[leaf.span.start : leaf.span.end]
    anchor = ".".join(leaf.names)
    address = release(value, wanted) if b"://" in value else None
    if address is not None and address.versions:
        first, *others = [Span(leaf.span.start + start, leaf.span.start + end) for start, end in address.versions]
        pin = make_pin(source, *first, f"{anchor}/url {address.subject}", Kind.URL, address.subject)
        return pin._replace(repeats=tuple(others))
    found = _RELEASE.match(value)
    subject = _subject(leaf, wanted, names) if found else None
    if found is None or subject is None:
        return None
    kind, name = subject
    return make_pin(
        source, leaf.span.start + found.start("version"), leaf.span.start + found.end("version"), anchor, kind, name
    )


def _subject(leaf: Leaf, wanted: Wanted, names: dict[object, str]) -> tuple[Kind, str] | None:
    """Return what a version is of: the variable that its key names, or what its mapping is named."""
    variable = variable_of(leaf.key.replace("-", "_"), wanted.variables)
    if variable is not None:
        return Kind.VARIABLE, variable
    if leaf.key.lower() not in _VERSION_KEYS:
        return None
    titles = [names.get(leaf.containers[-1], ""), *leaf.names[-2:-1]]
    known = image_names(wanted)
    for title in titles:
        subject = known.get(canonical_name(title.rpartition("/")[2].removesuffix(".git")))
        if subject is not None:
            kind = Kind.GIT_REF if subject in wanted.repositories else Kind.VARIABLE
            return (Kind.REQUIREMENT if subject in wanted.packages else kind), subject
    return None
