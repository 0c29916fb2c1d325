"""What code must call with a release that gives a value another meaning: the functions that it introduced."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.fit.engine.uses import Reference
from fi_bump.fit.model import ApiFinding
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import Thing, ThingKind
from fi_bump.fit.wheel.preconditions import Preconditions


def with_introduced(
    finding: ApiFinding, names: Iterable[str], proposed: ReleaseSide, checks: Preconditions
) -> ApiFinding:
    """The finding with the functions of these dotted names that the release has: the first one's signature, and what
    each of them checks.
    """
    found = [(name, thing) for name in names for thing in _functions(proposed, name)[:1]]
    if not found:
        return finding
    first, thing = found[0]
    listed = [(name.rpartition(".")[2], "; ".join(_checks(thing, checks))) for name, thing in found]
    return finding._replace(
        new=proposed.defined(thing, first.rpartition(".")[2]),
        instead=", ".join(name for name, _ in found),
        reasons=(*finding.reasons, *(f"{name}() checks: {words}" for name, words in listed if words)),
    )


def _functions(side: ReleaseSide, name: str) -> list[Thing]:
    module, _, attribute = name.rpartition(".")
    things = side.resolve(Reference(module, (attribute,)))[0].things
    return [each for each in things if each.kind is ThingKind.FUNCTION]


def _checks(thing: Thing, checks: Preconditions) -> list[str]:
    """The checks that have words of their own, which tell a reader more than a macro and its arguments."""
    return list(dict.fromkeys(each.words for each in checks.of(thing).values() if each.words != each.identity))
