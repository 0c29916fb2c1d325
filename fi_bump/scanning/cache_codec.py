"""A finder's results as plain data that `marshal` can write to the cache, and back."""

from __future__ import annotations

from enum import Enum

from fi_bump.grammar import is_version
from fi_bump.pins import Floor, Found, Guard, Kind, Mark, Pin, Source, Span, Unpinned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encode(source: Source, found: Found) -> Any:
    """Return the results as nested tuples of texts and numbers, with a checksum of the source's bytes."""
    return _checksum(source), *[tuple([_encoded(item[1:]) for item in items]) for items in found[:3]]


def _checksum(source: Source) -> int:
    # Imported here because a check without a cache needs none.
    import zlib

    return zlib.crc32(source.data)


def _encoded(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return tuple([_encoded(each) for each in value]) if isinstance(value, tuple) else value


def decode(source: Source, data: Any) -> Found:
    """Return the results of `encode` as records. Raises ValueError if they are not of these bytes."""
    try:
        checksum, pins, unpinned, floors = data
        if checksum != _checksum(source):
            raise ValueError("the file has changed")
        return Found(
            tuple(
                Pin(
                    source=source,
                    span=_version(source, span),
                    anchor=_text(anchor),
                    kind=Kind(kind),
                    subject=_text(subject),
                    hashes=tuple([_span(source, each) for each in hashes]),
                    command=None if command is None else _text(command),
                    repeats=tuple([_version(source, each) for each in repeats]),
                    guard=_guard(source, guard),
                )
                for span, anchor, kind, subject, hashes, command, repeats, guard in pins
            ),
            tuple(
                Unpinned(
                    source=source,
                    span=_span(source, span),
                    subject=_text(subject),
                    reason=_text(reason),
                    version=None if version is None else _text(version),
                    mark=None if mark is None else Mark(mark),
                    rows=tuple(map(_text, rows)),
                    anchor=None if anchor is None else _text(anchor),
                    variable=None if variable is None else _text(variable),
                )
                for span, subject, reason, version, mark, rows, anchor, variable in unpinned
            ),
            tuple(
                Floor(source, _span(source, span), _text(subject), _text(specifier))
                for span, subject, specifier in floors
            ),
        )
    except TypeError as error:
        raise ValueError(str(error)) from None


def _guard(source: Source, data: Any) -> Guard | None:
    if data is None:
        return None
    reason, checksums, address = data
    spans = tuple([_span(source, each) for each in checksums])
    return Guard(_text(reason), spans, None if address is None else _text(address))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _span(source: Source, place: Any) -> Span:
    start, end = place
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= len(source.data):
        raise ValueError("no span of this file")
    return Span(start, end)


def _version(source: Source, place: Any) -> Span:
    span = _span(source, place)
    if not is_version(source.text(span)):
        raise ValueError("no version is there")
    return span
