"""A finder's results as plain data that `marshal` can write to the cache, and back."""

from __future__ import annotations

from enum import Enum

from fi_bump.pins import Floor, Found, Guard, Kind, Mark, Pin, Source, Span, Unpinned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encode(found: Found) -> Any:
    """Return the results as nested tuples of texts and numbers, without the source."""
    return tuple([tuple([_encoded(item[1:]) for item in items]) for items in found])


def _encoded(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return tuple([_encoded(each) for each in value]) if isinstance(value, tuple) else value


def decode(source: Source, data: Any) -> Found:
    """Return the results of `encode` as records, for a source with the same bytes."""
    pins, unpinned, floors = data
    return Found(
        tuple(
            Pin(
                source=source,
                span=Span(*span),
                anchor=anchor,
                kind=Kind(kind),
                subject=subject,
                hashes=_spans(hashes),
                command=command,
                repeats=_spans(repeats),
                guard=_guard(guard),
            )
            for span, anchor, kind, subject, hashes, command, repeats, guard in pins
        ),
        tuple(
            Unpinned(
                source=source,
                span=Span(*span),
                subject=subject,
                reason=reason,
                version=version,
                mark=None if mark is None else Mark(mark),
                rows=rows,
            )
            for span, subject, reason, version, mark, rows in unpinned
        ),
        tuple(Floor(source, Span(*span), subject, specifier) for span, subject, specifier in floors),
    )


def _guard(data: Any) -> Guard | None:
    if data is None:
        return None
    reason, checksums, address = data
    return Guard(reason, _spans(checksums), address)


def _spans(places: Any) -> tuple[Span, ...]:
    return tuple([Span(*place) for place in places])
