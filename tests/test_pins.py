"""Spans, positions, pins, and `splice`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.errors import InternalError
from fi_bump.pins import Edit, Kind, Pin, Source, Span, make_pin, number_anchors, splice

BOM = b"\xef\xbb\xbf"


@given(st.binary())
def test_masked_keeps_ascii_and_the_length(data: bytes) -> None:
    masked = Source("f", BOM + data).masked
    assert masked == b"   " + bytes(byte if byte < 128 else ord("x") for byte in data)
    assert Source("f", data).masked.isascii()


def test_a_bom_is_masked_at_the_start_only() -> None:
    assert Source("f", b"a" + BOM).masked == b"axxx"


@pytest.mark.parametrize(
    ("data", "offset", "expected"),
    [
        (b"abc", 0, (1, 1)),
        (b"abc", 3, (1, 4)),
        (b"a\r\nbc", 4, (2, 2)),
        (b"a\rb", 2, (1, 3)),
        (b"a\x0cb\xc2\x85c", 5, (1, 5)),
        ("éü=1".encode(), 5, (1, 4)),
        ("𝒳=1".encode(), 5, (1, 3)),
        (b"\xff=1", 2, (1, 3)),
        (BOM + b"ab", 4, (1, 2)),
        (BOM + b"ab\nc", 6, (2, 1)),
    ],
)
def test_position(data: bytes, offset: int, expected: tuple[int, int]) -> None:
    assert Source("f", data).position(offset) == expected


@pytest.mark.parametrize(
    ("data", "offset", "expected"),
    [(b"a\nbc\r\nd", 3, b"bc"), (b"a\nbc\r\nd", 6, b"d"), (b"abc", 0, b"abc"), (b"\n\n", 1, b""), (b"", 0, b"")],
)
def test_line(data: bytes, offset: int, expected: bytes) -> None:
    assert Source("f", data).line(offset) == expected


def test_text() -> None:
    assert Source("f", "aé".encode() + b"\xff").text(Span(1, 4)) == "é\ufffd"


def test_make_pin() -> None:
    source = Source("a/b", b"kit==0.6.8.post1")
    pin = make_pin(source, 5, 16, "kit", Kind.REQUIREMENT, "kit")
    assert pin == Pin(source, Span(5, 16), "kit", Kind.REQUIREMENT, "kit")
    assert (pin.version, pin.site) == ("0.6.8.post1", "a/b#kit")


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (4, 16, "=0.6.8.post1"),
        (0, 3, "kit"),
        (5, 5, ""),
        (9, 5, ""),
        (5, 17, "0.6.8.post1"),
        (5, 7, "0."),
        (-1, 5, ""),
    ],
)
def test_make_pin_refuses(start: int, end: int, text: str) -> None:
    with pytest.raises(InternalError) as caught:
        make_pin(Source("a/b", b"kit==0.6.8.post1"), start, end, "kit", Kind.GIT_REF, "kit")
    assert str(caught.value) == f"a/b: the git-ref finder took {text!r} for a version"


def test_number_anchors() -> None:
    source = Source("f", b"1 2 3 4")
    places = [(6, "a"), (2, "b"), (4, "a"), (0, "a")]
    pins = [make_pin(source, start, start + 1, anchor, Kind.VARIABLE, "A") for start, anchor in places]
    assert [(pin.version, pin.anchor) for pin in number_anchors(pins)] == [
        ("1", "a"),
        ("2", "b"),
        ("3", "a (2)"),
        ("4", "a (3)"),
    ]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], b"0123456789"),
        ([Edit(Span(0, 1), b"0", b"")], b"123456789"),
        ([Edit(Span(9, 10), b"9", b"nine")], b"012345678nine"),
        ([Edit(Span(5, 6), b"5", b"five"), Edit(Span(1, 2), b"1", b"one")], b"0one234five6789"),
        ([Edit(Span(1, 2), b"1", b"a"), Edit(Span(2, 3), b"2", b"b")], b"0ab3456789"),
    ],
)
def test_splice(edits: list[Edit], expected: bytes) -> None:
    assert splice(b"0123456789", edits) == expected


@pytest.mark.parametrize(
    ("edits", "at"),
    [
        ([Edit(Span(1, 2), b"2", b"x")], 1),
        ([Edit(Span(9, 11), b"9x", b"x")], 9),
        ([Edit(Span(1, 3), b"12", b"x"), Edit(Span(2, 4), b"23", b"y")], 2),
        ([Edit(Span(1, 2), b"1", b"x"), Edit(Span(1, 2), b"1", b"x")], 1),
    ],
)
def test_splice_refuses(edits: list[Edit], at: int) -> None:
    with pytest.raises(InternalError) as caught:
        splice(b"0123456789", edits)
    assert str(caught.value) == f"an edit at byte {at} does not fit the file"


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3), st.binary(max_size=3))))
def test_splice_touches_nothing_else(parts: list[tuple[bytes, bytes, bytes]]) -> None:
    data, edits, expected = b"", [], b""
    for kept, old, new in parts:
        start = len(data) + len(kept) + 1
        edits.append(Edit(Span(start, start + len(old)), old, new))
        data += kept + b"|" + old
        expected += kept + b"|" + new
    edits.reverse()
    assert splice(data, edits) == expected


def test_places_in_any_order() -> None:
    data = "é\r\nb\n\nflash\n".encode() * 3
    forward = [Source("a", data).position(offset) for offset in range(len(data))]
    once, backward = Source("a", data), Source("a", data)
    assert [once.position(offset) for offset in range(len(data))] == forward
    assert [backward.position(offset) for offset in reversed(range(len(data)))] == forward[::-1]
    assert [line for line, _ in forward] == [data[:offset].count(b"\n") + 1 for offset in range(len(data))]
