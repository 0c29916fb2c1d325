"""A text of pieces: its bytes, the place of each part of it, and which parts the file has as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats.shared.pieces import Text, joined
from fi_bump.pins import Source, Span

DATA = b"abc \\\n  def # g\nhi"


@pytest.mark.parametrize(
    ("start", "end", "span", "whole"),
    [
        pytest.param(0, 3, Span(0, 3), True, id="in the first piece"),
        pytest.param(4, 7, Span(8, 11), True, id="in the second piece"),
        pytest.param(3, 4, Span(3, 4), True, id="the last byte of a piece"),
        pytest.param(2, 5, Span(2, 9), False, id="over a joint"),
        pytest.param(0, 9, Span(0, 18), False, id="all"),
    ],
)
def test_a_part_of_joined_lines(start: int, end: int, span: Span, whole: bool) -> None:
    text = joined(DATA, [Span(0, 4), Span(6, 6), Span(8, 11), Span(16, 18)])
    assert text.data == b"abc defhi"
    assert text.span(start, end) == span
    assert text.is_whole(Source("x.sh", DATA), start, end) is whole


def test_pieces_of_a_part_of_a_file() -> None:
    text = joined(DATA[8:], [Span(0, 3)], offset=8)
    assert (text.data, text.span(1, 3)) == (b"def", Span(9, 11))
    assert text.is_whole(Source("x.sh", DATA), 0, 3)


@pytest.mark.parametrize(
    ("start", "end", "span", "whole"),
    [
        pytest.param(0, 1, Span(1, 2), True, id="before the escape"),
        pytest.param(1, 2, Span(2, 3), False, id="the escape alone"),
        pytest.param(2, 4, Span(8, 10), True, id="behind it"),
        pytest.param(0, 4, Span(1, 10), False, id="around it"),
    ],
)
def test_a_part_of_a_string_with_an_escape(start: int, end: int, span: Span, whole: bool) -> None:
    source = Source("pyproject.toml", b'"1\\u002e23"')
    text = Text(b"1.23", [(0, 1), (1, 2), (2, 8)])
    assert text.span(start, end) == span
    assert text.is_whole(source, start, end) is whole


@pytest.mark.slow
@given(st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8), st.data())
def test_each_byte_of_joined_pieces_is_where_the_text_says(
    data: bytes, ends: list[tuple[int, int]], draw: st.DataObject
) -> None:
    spans = [Span(min(*pair, len(data)), min(max(pair), len(data))) for pair in ends]
    text = joined(data, spans)
    offsets = [offset for span in spans for offset in range(*span)]
    assert text.data == bytes(data[offset] for offset in offsets)
    if offsets:
        start = draw.draw(st.integers(0, len(offsets) - 1))
        end = draw.draw(st.integers(start + 1, len(offsets)))
        assert text.span(start, end) == Span(offsets[start], offsets[end - 1] + 1)
