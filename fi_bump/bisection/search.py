"""The search itself: which release to try next, and what follows from those that were tried. Pure.

With n releases after the good end, up to and including the bad one, it tries at most ⌈log2 n⌉ + 1 of them if none is
skipped, and 2 if n is 1. Neither end is believed unseen: the last good and the first bad release were both tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fi_bump.bisection.model import Judgement


class Borders(NamedTuple):
    """The last good and the first bad release by their places, and the skipped ones between them.

    `problem` is why they are not what was asked about: an end is not as it was said to be, or the judgements are not
    in two blocks.
    """

    last_good: int
    first_bad: int
    between: tuple[int, ...] = ()
    problem: str | None = None


def next_place(judgements: Sequence[Judgement | None]) -> int | None:
    """Return the place of the release to try next, None if the search is over.

    The first judgement is that of the good end, the last that of the bad one; they count as said until they are tried.
    """
    low, high = _ends(judgements)
    if low >= high:
        return None
    untried = [place for place in range(low + 1, high) if judgements[place] is None]
    if untried:
        middle = (low + high) // 2
        return min(untried, key=lambda place: (abs(place - middle), place))
    # All is known but an end that the answer relies on.
    return next((place for place in (low, high) if judgements[place] is None), None)


def borders(judgements: Sequence[Judgement | None]) -> Borders:
    """Return what follows from the judgements, also before the search is over."""
    low, high = _ends(judgements)
    between = tuple(place for place in range(low + 1, high) if judgements[place] == "skip")
    if judgements[0] == "bad":
        return Borders(0, 0, (), "the release that --good names is bad")
    if judgements[-1] == "good":
        last = len(judgements) - 1
        return Borders(last, last, (), "the release that --bad names is good")
    if "good" in judgements[high:]:
        return Borders(
            low, high, between, "a release after the first bad one is good, so that there are several changes"
        )
    return Borders(low, high, between)


def _ends(judgements: Sequence[Judgement | None]) -> tuple[int, int]:
    """Return the last good release before the first bad one, and the first bad one."""
    last = len(judgements) - 1
    high = next((place for place, each in enumerate(judgements) if each == "bad"), last)
    low = next((place for place in range(high - 1, -1, -1) if judgements[place] == "good"), 0)
    if judgements[last] == "good" and "bad" not in judgements:
        return last, last
    return low, high


def most_environments(releases: int) -> int:
    """Return how many environments a search over so many releases after the good end needs at most, without skips."""
    return 2 if releases < 2 else (releases - 1).bit_length() + 1
