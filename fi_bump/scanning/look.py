"""What one file holds: the pins of its format, and the places that the lock records in it."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable

from fi_bump.errors import InternalError
from fi_bump.formats.by_name import format_of, may_hold_requirements
from fi_bump.formats.finders import evidence as evidence_of_format
from fi_bump.formats.finders import finder, may_contain
from fi_bump.formats.table import OTHER
from fi_bump.pins import (
    IF_IT_FOLLOWS,
    Floor,
    Found,
    Kind,
    Pin,
    Source,
    Span,
    Unpinned,
    Wanted,
    base_anchor,
    make_pin,
    number_offers,
)
from fi_bump.scanning.bound_names import with_bound_names
from fi_bump.scanning.former_names import former_evidence, with_former_names

_MATRIX = ".matrix."
_ENTRY = "an entry of a matrix of which the lock records others"


def look(
    source: Source,
    wanted: Wanted,
    literals: Iterable[tuple[str, tuple[str, ...]]] = (),
    anchors: Collection[str] = (),
) -> Found:
    """Find the pins in one file: those of its format's finder, and the literals that the lock records there.

    A place that only a person can recognise as a pin is one if `anchors`, those that the lock records in the file, has
    its anchor. Where both claim the same characters the literal wins, since the lock records it; it takes over the
    guard of the pin that the finder found. Raises ParseError for a file that is not of its format.
    """
    form = format_as_recorded(source, anchors, wanted.packages)
    found = Found(())
    if form:
        if may_contain(form, source, wanted):
            find = finder(form)
            found = with_bound_names(source, wanted, find, find(source, wanted))
        if form == OTHER.name and found.unpinned:
            found = _with_requirements(source, wanted, found)
        found = _with_recorded(with_former_names(source, wanted, form, found), anchors)
    if not literals:
        return found
    from fi_bump.formats import literal

    own = literal.find(source, literals)
    guards = [pin for pin in found.pins if pin.guard]
    literal_pins = [
        pin._replace(guard=next((each.guard for each in guards if overlap(each.span, pin.span)), None))
        for pin in own.pins
    ]
    taken = [pin.span for pin in literal_pins]

    def free(place: Pin | Unpinned | Floor) -> bool:
        return not any(overlap(place.span, span) for span in taken)

    pins = sorted([*literal_pins, *filter(free, found.pins)], key=lambda pin: pin.span)
    return Found(tuple(pins), (*filter(free, found.unpinned), *own.unpinned), tuple(filter(free, found.floors)))


def evidence(form: str, wanted: Wanted) -> tuple[str, ...]:
    """Return patterns for `grep -E`, in any case: each file in which `look` finds something has one of them on a line.

    This is so for files in which the lock records nothing. Empty for a format that has no patterns.
    """
    patterns = evidence_of_format(form, wanted)
    return (*patterns, *former_evidence(wanted)) if patterns else ()


def format_as_recorded(source: Source, anchors: Iterable[str], packages: Container[str]) -> str | None:
    """Return the format of a file by its name, or as a requirement file if the lock records a requirement in it.

    `anchors` are those that the lock records in the file. No name tells that `deps.txt` is a requirement file, but
    `-r deps.txt` in another one does, and `init` records what it finds in this way.
    """
    form = format_of(source.path)
    if form == OTHER.name and anchors and may_hold_requirements(source.path) and not source.data.startswith(b"#!"):
        return "requirements" if any(base_anchor(anchor) in packages for anchor in anchors) else form
    return form


def _with_requirements(source: Source, wanted: Wanted, found: Found) -> Found:
    """Return the reports of a file of no known format, each with an anchor that would be a requirement's."""
    if not may_hold_requirements(source.path):
        return found
    anchors = {pin.span: pin.anchor for pin in finder("requirements")(source, wanted).pins}
    return found._replace(
        unpinned=tuple(each._replace(anchor=anchors.get(each.span, each.anchor)) for each in found.unpinned)
    )


def _with_recorded(found: Found, anchors: Collection[str]) -> Found:
    """Return the findings with a pin for each place whose anchor the lock records."""
    if any(place.anchor is not None for place in found.unpinned):
        found = found._replace(unpinned=number_offers(found.unpinned, [pin.anchor for pin in found.pins]))
    found = _entries_of_matrices(found, anchors)
    recorded = [place for place in found.unpinned if place.anchor is not None and place.anchor in anchors]
    if not recorded:
        return found
    pins = sorted([*found.pins, *map(offered_pin, recorded)], key=lambda pin: pin.span)
    return found._replace(pins=tuple(pins), unpinned=tuple(each for each in found.unpinned if each not in recorded))


def _entries_of_matrices(found: Found, anchors: Collection[str]) -> Found:
    """Return the findings without the pins that are in a matrix of which the lock records other entries only.

    An entry that has come to the version of a recorded one still is an entry of its own: moving both would make twins.
    A recorded entry is the same pin whether the other entries have its version or not.
    """
    entries = [pin for pin in found.pins if _MATRIX in f".{pin.anchor}."]
    partly = {base_anchor(pin.anchor) for pin in entries if pin.anchor in anchors}
    if not partly:
        return found
    several = {base_anchor(pin.anchor) for pin in entries if pin.anchor.endswith(" (2)")}
    pins, unpinned = [], list(found.unpinned)
    for pin in found.pins:
        base = base_anchor(pin.anchor)
        if pin.anchor not in anchors and base in partly:
            reason = f"{_ENTRY}{IF_IT_FOLLOWS}"
            unpinned.append(Unpinned(pin.source, pin.span, pin.subject, reason, anchor=pin.anchor))
        else:
            pins.append(pin._replace(kind=Kind.LITERAL) if base in partly and base in several else pin)
    return found._replace(pins=tuple(pins), unpinned=tuple(sorted(unpinned, key=lambda place: place.span)))


def offered_pin(place: Unpinned) -> Pin:
    """Return the pin that a place becomes once the lock records its anchor. Raises InternalError without an anchor."""
    if place.anchor is None:
        raise InternalError("this place has no anchor", place=str(place.place))
    return make_pin(place.source, *place.span, place.anchor, Kind.LITERAL, place.subject)


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have bytes in common."""
    return one.start < other.end and other.start < one.end
