"""Tests of the search: it finds the border, tries both sides of it, and needs no more environments than it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.bisection.model import Judgement
from fi_bump.bisection.search import Borders, borders, most_environments, next_place


def in_two_blocks(first_bad: int, releases: int) -> list[Judgement]:
    """Return the judgements of the good end and of so many releases after it."""
    return [*repeat_good(first_bad), *repeat_bad(releases + 1 - first_bad)]


def repeat_good(times: int) -> list[Judgement]:
    return ["good" for _ in range(times)]


def repeat_bad(times: int) -> list[Judgement]:
    return ["bad" for _ in range(times)]


def searched(truth: list[Judgement]) -> tuple[list[int], list[Judgement | None]]:
    """Search with these true judgements; return the places that were tried, in order, and what is then known."""
    known: list[Judgement | None] = [None] * len(truth)
    tried = []
    while (place := next_place(known)) is not None:
        assert known[place] is None
        tried.append(place)
        known[place] = truth[place]
    return tried, known


@given(st.integers(1, 200), st.data())
def test_the_border_is_found_and_both_sides_of_it_were_tried(releases: int, data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, releases))
    truth = in_two_blocks(first_bad, releases)
    tried, known = searched(truth)
    assert borders(known) == Borders(first_bad - 1, first_bad)
    assert {first_bad - 1, first_bad} <= set(tried)
    assert len(tried) <= most_environments(releases)


@pytest.mark.parametrize(("releases", "most"), [(1, 2), (2, 2), (3, 3), (4, 3), (5, 4), (11, 5), (16, 5), (17, 6)])
def test_how_many_environments(releases: int, most: int) -> None:
    assert most_environments(releases) == most
    needed = []
    for first_bad in range(1, releases + 1):
        tried, _ = searched(in_two_blocks(first_bad, releases))
        needed.append(len(tried))
    assert max(needed) == most


@given(st.integers(2, 60), st.data())
def test_skipped_releases_are_named_and_never_called_the_first_bad_one(releases: int, data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, releases))
    skipped = data.draw(st.sets(st.integers(1, releases - 1)))
    truth = in_two_blocks(first_bad, releases)
    for place in skipped:
        truth[place] = "skip"
    _, known = searched(truth)
    found = borders(known)
    assert truth[found.last_good] == "good"
    assert truth[found.first_bad] == "bad"
    assert found.last_good < first_bad <= found.first_bad
    assert found.between == tuple(range(found.last_good + 1, found.first_bad))
    assert set(found.between) <= skipped


@pytest.mark.parametrize("releases", [1, 2, 7])
def test_ends_that_are_not_as_they_were_said_to_be(releases: int) -> None:
    _, known = searched(repeat_bad(releases + 1))
    assert borders(known) == Borders(0, 0, (), "the release that --good names is bad")
    _, known = searched(repeat_good(releases + 1))
    assert borders(known) == Borders(releases, releases, (), "the release that --bad names is good")


def test_all_releases_are_known_and_the_judgements_alternate() -> None:
    judgements: list[Judgement | None] = ["good", "bad", "good", "skip", "bad"]
    assert borders(judgements) == Borders(
        0, 1, (), "a release after the first bad one is good, so that there are several changes"
    )


def test_an_end_that_cannot_be_judged_is_not_tried_again() -> None:
    assert next_place(["skip", "bad", "bad"]) is None
    assert borders(["skip", "bad", "bad"]) == Borders(0, 1)
