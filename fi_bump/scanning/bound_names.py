"""Variables of any name that hold a version: `FI=0.6.1` where the same file says `flashinfer-python==$FI`.

The definition is the pin, bound by its use. A finder reports the use, with the name of the variable. If the file sets
the variable, the finder reads it once more with this name among the wanted variables; what sets it elsewhere is found
once the lock names the variable, which `init` sees to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fi_bump.formats.shared.references import foreign_users
from fi_bump.formats.table import Finder
from fi_bump.grammar import LazyPattern, variable_of
from fi_bump.pins import Found, Pin, Source, Unpinned, VariableUse, Wanted

_WORDS = re.compile(r"[ ./]")
# How many variables are followed from one to the next.
_LONGEST_CHAIN = 4
_LONGEST_START = 200
_REFERENCE = LazyPattern(rb"\$?\$?[{(]{0,2}(?<=[${(])[ \t]*(?:\.|(?:\w+\.)*)([A-Za-z_]\w*)")
_DEFAULT = LazyPattern(rb"\$\{\w+:?[-=][\"']?v?")
# Words of names that say nothing about what the version is of.
_GENERAL = frozenset(
    ["VERSION", "VER", "V", "TAG", "REF", "BRANCH", "COMMIT", "RELEASE", "PACKAGE", "PKG", "PIP", "GIT", "DEFAULT"]
)


def with_bound_names(source: Source, wanted: Wanted, find: Finder, found: Found) -> Found:
    """Return what was found, with a pin for each definition of a variable that a wanted requirement refers to."""
    if not found.uses:
        return found
    users = _Users(source, wanted)
    names, again = _followed(source, wanted, find, found.uses, users)
    taken = {span for pin in found.pins for span in (pin.span, *pin.repeats)}
    bound = [
        pin._replace(subject=names[pin.subject])
        for pin in again.pins
        if pin.subject in names and pin.span not in taken and _spells(pin.anchor, pin.subject)
    ]
    seen = {place.span for place in found.unpinned}
    reported = [
        place for place in again.unpinned if place.subject in names and place.span not in seen and _is_reported(place)
    ]
    known = {spelled(pin) for pin in bound} | {place.subject for place in reported}
    starts = {span.start for span in taken}
    unset = []
    for use in found.uses:
        name = _unset(source, use.variable, wanted, known, starts)
        if use.installs and name is not None:
            unset.append(_report(use, name, users.foreign(name)))
    pins = sorted([*found.pins, *bound], key=lambda pin: pin.span)
    reported = [place._replace(subject=names[place.subject]) for place in reported]
    unpinned = sorted([*found.unpinned, *reported, *unset], key=lambda place: place.span)
    return found._replace(pins=tuple(pins), unpinned=tuple(unpinned), uses=())


def _is_reported(place: Unpinned) -> bool:
    """Whether a place that sets a bound variable is reported: a short name may be anything, but not in a matrix."""
    return is_specific(place.subject) or (place.anchor is not None and not is_general(place.subject))


class _Users:
    """The other packages that take their version from a variable; each variable is looked for once."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._wanted = wanted
        self._known: dict[str, list[str]] = {}

    def foreign(self, variable: str) -> list[str]:
        """Return their names."""
        if variable not in self._known:
            self._known[variable] = foreign_users(self._source.masked, variable, self._wanted.packages)
        return self._known[variable]


def _followed(
    source: Source, wanted: Wanted, find: Finder, uses: Iterable[VariableUse], users: _Users
) -> tuple[dict[str, str], Found]:
    """Return the subjects by the variables that hold their versions, and what defines these variables.

    A variable may take its value from another one: `FI=$BASE`.
    """
    names: dict[str, str] = {}
    again = Found(())
    for _ in range(_LONGEST_CHAIN):
        more = {
            use.variable.upper(): names.get(use.subject, use.subject) for use in uses if not users.foreign(use.variable)
        }
        if more.keys() <= names.keys():
            break
        names = more | names
        again = find(source, wanted._replace(variables=wanted.variables.union(names)))
        uses = [use for use in again.uses if use.subject in names and _defines(source, use)]
    return names, again


def _defines(source: Source, use: VariableUse) -> bool:
    """Whether the reference is the value of the variable itself, not of one whose name ends as its name does."""
    before = source.masked[max(use.span.start - _LONGEST_START, 0) : use.span.start]
    return re.search(_start(use.subject) + rb"\Z", before, re.IGNORECASE) is not None


def _start(name: str) -> bytes:
    """Return the pattern of what is before the value of a variable: `X=`, `X ?= "`, `ENV X `, `x: v`."""
    return rb"(?<![\w$.{(-])" + re.escape(name.encode()) + rb"[\"']?(?:[ \t]*[:?+]?[=:]|(?<=\w)[ \t])\s*[\"']?v?"


def _unset(source: Source, name: str, wanted: Wanted, known: set[str], pinned: set[int]) -> str | None:
    """Return the variable from which a version comes in the end if this file does not set it, else None."""
    for _ in range(_LONGEST_CHAIN):
        if name.upper() in known or (source.path.endswith(".ebuild") and name == "PV"):
            return None
        values = [match.end() for match in re.finditer(_start(name), source.masked)]
        if not pinned.isdisjoint(after for value in values for after in (value, _default(source, value))):
            return None
        targets = [each for value in values if (each := _REFERENCE.match(source.masked, value))]
        target = next((each[1].decode("ascii") for each in targets if each[1].decode("ascii") != name), None)
        if target is None:
            return name
        if variable_of(target, wanted.variables):
            return None
        name = target
    return name


def _default(source: Source, start: int) -> int:
    """Return where the default of a reference begins: at the 0 of `${X:-0.6.1}`."""
    match = _DEFAULT.match(source.masked, start)
    return match.end() if match else start


def _report(use: VariableUse, variable: str, foreign: list[str]) -> Unpinned:
    """Return the report for a use of a variable that fi-bump does not move."""
    reason = f"takes its version from {variable}, which this file does not set"
    if foreign:
        reason = f"takes its version from {variable}, as {' and '.join(foreign)} does, so fi-bump does not move it"
    return Unpinned(source=use.source, span=use.span, subject=use.subject, reason=reason, variable=variable)


def spelled(pin: Pin) -> str:
    """Return the name of the variable that a pin of a variable sets, in upper case."""
    words = [word.upper().replace("-", "_") for word in _WORDS.split(pin.anchor.partition(" (")[0])]
    return next((word for word in reversed(words) if word not in ("DEFAULT", "VALUE")), "")


def _spells(anchor: str, name: str) -> bool:
    return name in {word.upper().replace("-", "_") for word in _WORDS.split(anchor)}


def is_specific(name: str) -> bool:
    """Whether a variable's name is specific enough to look for it in every file."""
    return len(_words(name)) > 1 and not is_general(name)


def is_general(name: str) -> bool:
    """Whether a variable's name has only words that say nothing about what the version is of."""
    return _GENERAL.issuperset(_words(name))


def _words(name: str) -> list[str]:
    return [word for word in name.upper().split("_") if word]
