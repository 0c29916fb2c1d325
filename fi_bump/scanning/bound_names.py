"""Variables of any name that hold a version: `FI=0.6.1` where the same file says `flashinfer-python==$FI`.

The definition is the pin, bound by its use. A finder reports the use, with the name of the variable. If the file sets
the variable, the finder reads it once more with this name among the wanted variables; what sets it elsewhere is found
once the lock names the variable, which `init` sees to.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.references import foreign_users
from fi_bump.formats.table import Finder
from fi_bump.pins import Found, Pin, Source, Span, Unpinned, VariableUse, Wanted

_WORDS = re.compile(r"[ ./]")
# Words of names that say nothing about what the version is of.
_GENERAL = frozenset(
    ["VERSION", "VER", "V", "TAG", "REF", "BRANCH", "COMMIT", "RELEASE", "PACKAGE", "PKG", "PIP", "GIT", "DEFAULT"]
)


def with_bound_names(source: Source, wanted: Wanted, find: Finder, found: Found) -> Found:
    """Return what was found, with a pin for each definition of a variable that a wanted requirement refers to."""
    if not found.uses:
        return found
    foreign = {use.variable: foreign_users(source.masked, use.variable, wanted.packages) for use in found.uses}
    names = {use.variable.upper(): use.subject for use in found.uses if not foreign[use.variable]}
    again = find(source, wanted._replace(variables=wanted.variables.union(names))) if names else Found(())
    taken = {span for pin in found.pins for span in (pin.span, *pin.repeats)}
    bound = [
        pin._replace(subject=names[pin.subject])
        for pin in again.pins
        if pin.subject in names and pin.span not in taken and _spells(pin.anchor, pin.subject)
    ]
    reported = [place for place in again.unpinned if place.subject in names and is_specific(place.subject)]
    known = {spelled(pin) for pin in bound} | {place.subject for place in reported}
    unset = [
        _report(use, foreign[use.variable])
        for use in found.uses
        if use.installs and use.variable.upper() not in known and not _is_set(source, use.variable, taken)
    ]
    pins = sorted([*found.pins, *bound], key=lambda pin: pin.span)
    reported = [place._replace(subject=names[place.subject]) for place in reported]
    unpinned = sorted([*found.unpinned, *reported, *unset], key=lambda place: place.span)
    return found._replace(pins=tuple(pins), unpinned=tuple(unpinned), uses=())


def _is_set(source: Source, name: str, pinned: set[Span]) -> bool:
    """Whether one of the pins is the value of a variable, as `version` is in a recipe; an ebuild's is its file name."""
    if source.path.endswith(".ebuild") and name == "PV":
        return True
    starts = {span.start for span in pinned}
    values = re.finditer(rb"(?<![\w$-])" + re.escape(name.encode()) + rb"[\"']?\s*[:?+]?[=:]\s*[\"']?v?", source.masked)
    return any(match.end() in starts for match in values)


def _report(use: VariableUse, foreign: list[str]) -> Unpinned:
    """Return the report for a use of a variable that fi-bump does not move."""
    reason = f"takes its version from {use.variable}, which this file does not set"
    if foreign:
        reason = f"takes its version from {use.variable}, as {' and '.join(foreign)} does, so fi-bump does not move it"
    return Unpinned(source=use.source, span=use.span, subject=use.subject, reason=reason, variable=use.variable)


def spelled(pin: Pin) -> str:
    """Return the name of the variable that a pin of a variable sets, in upper case."""
    words = [word.upper().replace("-", "_") for word in _WORDS.split(pin.anchor.partition(" (")[0])]
    return next((word for word in reversed(words) if word not in ("DEFAULT", "VALUE")), "")


def _spells(anchor: str, name: str) -> bool:
    return name in {word.upper().replace("-", "_") for word in _WORDS.split(anchor)}


def is_specific(name: str) -> bool:
    """Whether a variable's name is specific enough to look for it in every file."""
    words = [word for word in name.upper().split("_") if word]
    return len(words) > 1 and not _GENERAL.issuperset(words)
