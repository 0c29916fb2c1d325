"""The strings beside a string, against a comparison of every string with every other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.formats.python_literals import Literal, literals
from fi_bump.formats.python_neighbours import Neighbours
from fi_bump.pins import Source

PIECES = st.sampled_from(["'a'", "'b', ", "(", ")", "[", "]", "\n", " " * 240, " " * 251, "x = "])


def beside(one: Literal, other: Literal) -> bool:
    """Whether the innermost bracket of one is around the other, or `other` is outside of all brackets and near."""
    if other.brackets:
        return bool(one.brackets) and (one.brackets[-1] in other.brackets or other.brackets[-1] in one.brackets)
    return other.whole.start <= one.whole.end + 250 and other.whole.end >= one.whole.start - 250


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_they_are_those_that_a_comparison_of_all_finds(text: str) -> None:
    found = list(literals(Source("a.py", text.encode())))
    neighbours = Neighbours(found)
    for one in found:
        assert neighbours.of(one) == [number for number, other in enumerate(found) if beside(one, other)]
