"""What one file holds: the pins of its format, and the places that the lock records in it."""

from __future__ import annotations

from collections.abc import Container, Iterable

from fi_bump.errors import InternalError
from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder, may_contain
from fi_bump.pins import Floor, Found, Kind, Pin, Source, Span, Unpinned, Wanted, make_pin
from fi_bump.scanning.bound_names import with_bound_names
from fi_bump.scanning.former_names import with_former_names


def look(
    source: Source,
    wanted: Wanted,
    literals: Iterable[tuple[str, tuple[str, ...]]] = (),
    anchors: Container[str] = (),
) -> Found:
    """Find the pins in one file: those of its format's finder, and the literals that the lock records there.

    A place that only a person can recognise as a pin is one if `anchors`, those that the lock records in the file, has
    its anchor. Where both claim the same characters the literal wins, since the lock records it; it takes over the
    guard of the pin that the finder found. Raises ParseError for a file that is not of its format.
    """
    form = format_of(source.path)
    found = Found(())
    if form:
        if may_contain(form, source, wanted):
            find = finder(form)
            found = with_bound_names(source, wanted, find, find(source, wanted))
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


def _with_recorded(found: Found, anchors: Container[str]) -> Found:
    """Return the findings with a pin for each place whose anchor the lock records."""
    recorded = [place for place in found.unpinned if place.anchor is not None and place.anchor in anchors]
    if not recorded:
        return found
    pins = sorted([*found.pins, *map(offered_pin, recorded)], key=lambda pin: pin.span)
    return found._replace(pins=tuple(pins), unpinned=tuple(each for each in found.unpinned if each not in recorded))


def offered_pin(place: Unpinned) -> Pin:
    """Return the pin that a place becomes once the lock records its anchor. Raises InternalError without an anchor."""
    if place.anchor is None:
        raise InternalError("this place has no anchor", place=str(place.place))
    return make_pin(place.source, *place.span, place.anchor, Kind.LITERAL, place.subject)


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have bytes in common."""
    return one.start < other.end and other.start < one.end
