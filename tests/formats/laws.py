"""The laws that every finder keeps, whatever the format (docs/design.md)."""

from __future__ import annotations

from collections.abc import Callable

from fi_bump.pins import Edit, Found, splice

Look = Callable[[bytes], Found]


def moved(look: Look, data: bytes, version: str) -> bytes:
    """Return the file with every pin moved to `version`."""
    places = [(span, pin) for pin in look(data).pins for span in (pin.span, *pin.repeats)]
    return splice(data, [Edit(span, pin.version.encode(), version.encode()) for span, pin in places])


def outside(look: Look, data: bytes) -> list[bytes]:
    """Return the bytes between the pins."""
    pieces, position = [], 0
    for span in sorted(span for pin in look(data).pins for span in (pin.span, *pin.repeats)):
        pieces.append(data[position : span.start])
        position = span.end
    return [*pieces, data[position:]]


def hold(look: Look, data: bytes, first: str, second: str) -> None:
    """Assert that a file moved to `first` and then to `second` keeps its pins and anchors, and every other byte."""
    before, once = look(data), moved(look, data, first)
    after = look(once)
    assert [(pin.anchor, pin.kind, pin.subject) for pin in after.pins] == [
        (pin.anchor, pin.kind, pin.subject) for pin in before.pins
    ]
    assert [once[pin.span.start : pin.span.end] for pin in after.pins] == [first.encode()] * len(before.pins)
    assert outside(look, once) == outside(look, data)
    assert moved(look, once, first) == once
    assert moved(look, once, second) == moved(look, data, second)
    assert [item.reason for item in after.unpinned] == [item.reason for item in before.unpinned]
