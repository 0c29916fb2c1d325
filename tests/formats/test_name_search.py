"""A search for names finds what the pattern of all names finds, with which it is compared here."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.formats.shared import name_search
from fi_bump.formats.shared.name_search import Search
from fi_bump.pins import Source

NAMES = ["kit", "kit_a", "kit_a_b", "kit__b", "kita", "kit_ai/kit", "ki.t", "_kit", "kit_", "tool"]
ENDS = ["", "!", r"\s*+=", r"(?![a-z0-9])", r"[-_.]?v?[0-9]", r"\w*\("]
PIECES = [
    b"kit",
    b"Kit",
    b"a",
    b"b",
    b"i",
    b"/",
    b"-",
    b"_",
    b".",
    b"!",
    b" ",
    b"=",
    b"0",
    b"v",
    b"(",
    b"\n",
    b"t",
    b"tool",
]


def expected(names: list[tuple[str, str]], text: bytes) -> list[int]:
    """Return every place at which a name is, with what follows it."""
    patterns = [re.compile((re.escape(name).replace("_", "[-_.]+") + end).encode()) for name, end in names]
    return [place for place in range(len(text)) if any(each.match(text, place) for each in patterns)]


@settings(max_examples=800, deadline=None)
@given(
    names=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ENDS)), max_size=6),
    pieces=st.lists(st.sampled_from(PIECES), max_size=24),
)
def test_names_are_found_where_they_are(names: list[tuple[str, str]], pieces: list[bytes]) -> None:
    source = Source("a", b"".join(pieces))
    places = expected(names, source.lowered)
    search = Search(names)
    assert search.is_in(source) == (places != [])
    assert search.is_in_text(source.lowered) == (places != [])
    found = search.places(source)
    # Names that begin alike are found even inside another match.
    assert found == places if search._start else set(found) <= set(places)
    assert [place for place in range(len(source.data)) if search.is_at(source.lowered, place)] == places


@pytest.mark.parametrize("length", [998, 999, 1000, 1001, 5000])
def test_a_word_of_any_length(length: int) -> None:
    search = Search([("kit_a", "!"), ("kit_b", "")])
    assert search.is_in(Source("a", b"kit" + b"_" * length + b"a!"))
    assert search.is_in(Source("a", b"kit" + b"-" * length + b"b"))
    assert not search.is_in(Source("a", b"kit" + b"_" * length + b"a?"))


def test_the_words_that_are_remembered_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_search, "_MOST_WORDS", 5)
    search = Search([("kit_a", "")])
    for number in range(40):
        assert search.is_in(Source("a", b"kit_%d kit_a%d" % (number, number)))
    assert len(search._words) <= 7


def test_runs_of_places() -> None:
    source = Source("a", b"kit " * 3 + b"x" * 50 + b"kit_a" + b"kit " * 20)
    assert list(Search([("kit_a", "")]).runs(source, 10)) == [(0, 8), (62, 143)]
    assert list(Search([("kit_a", ""), ("tool", "")]).runs(source, 10)) == [(62, 62)]
