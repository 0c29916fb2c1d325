"""Times: what a claim rests on, laws of the comparison, and simulations with the noise of real test runs."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.compare.times import Basis, Limits, Moved, Times, compare
from tests.compare.simulated import CROWDED, MEASURED, NoiseModel, timed

LIMITS = Limits()


def shown(cases: Mapping[str, Times], runs: tuple[int, int], limits: Limits = LIMITS) -> tuple[set[str], set[str]]:
    """The cases that are shown to be slower, and those that are shown to be faster."""
    moved = [each for each in compare(cases, runs, limits).moved if each.shown]
    return {each.case for each in moved if each.slower}, {each.case for each in moved if not each.slower}


def sides(before: list[float], after: list[float]) -> Times:
    return Times(tuple(enumerate(before)), tuple(enumerate(after)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "cases", "basis"),
    [
        # The rank test of six and six runs can reach 1 in 924: of four cases that keeps below 0.005.
        (1, 1, 500, Basis.NOTHING),
        (7, 1, 500, Basis.NOTHING),
        (7, 2, 500, Basis.NOTHING),
        (2, 7, 500, Basis.NOTHING),
        (3, 3, 19, Basis.NOTHING),
        (3, 3, 20, Basis.NOISE),
        (7, 3, 500, Basis.NOISE),
        (6, 6, 4, Basis.RANKS),
        (6, 6, 5, Basis.NOTHING),
        (10, 10, 500, Basis.RANKS),
    ],
)
def test_what_a_claim_rests_on(before: int, after: int, cases: int, basis: Basis) -> None:
    found = compare(timed(random.Random(1), before, after, cases, 0, 1.0), (before, after), LIMITS)
    assert found.basis is basis
    assert found.cases == cases


def test_one_run_states_ratios_and_claims_nothing() -> None:
    cases = {"a": sides([1.0], [4.0]), "b": sides([4.0], [1.0]), "c": sides([1.0], [1.4]), "d": sides([0.01], [0.4])}
    found = compare(cases, (1, 1), LIMITS)
    assert [(each.case, each.slower, each.shown, each.probability) for each in found.moved] == [
        ("a", True, False, 0.5),
        ("b", False, False, 0.5),
    ]
    assert [round(each.ratio, 2) for each in found.moved] == [3.99, 0.25]
    assert (found.basis, found.ratio, found.typical) == (Basis.NOTHING, None, None)


def test_a_ratio_counts_from_the_seconds_on() -> None:
    cases = {"a": sides([0.1], [0.6]), "b": sides([0.1], [0.59])}
    assert [each.case for each in compare(cases, (1, 1), LIMITS).moved] == ["a"]
    assert [each.case for each in compare(cases, (1, 1), Limits(seconds=0.0)).moved] == ["a", "b"]


def test_every_run_has_to_be_beyond_the_ratio() -> None:
    cases = {"a": sides([1.0, 1.0, 1.0], [4.0, 4.0, 1.2]), "b": sides([1.0, 1.0, 9.0], [4.0, 4.0, 4.0])}
    assert [each.case for each in compare(cases, (3, 3), LIMITS).moved] == ["b"]


def test_a_slow_machine_is_no_slow_test() -> None:
    cases = timed(random.Random(2), 3, 3, 100, 0, 1.0, MEASURED._replace(run=0.0))
    slow = {
        name: Times(each.baseline, tuple((run, 2 * seconds) for run, seconds in each.run))
        for name, each in cases.items()
    }
    found = compare(slow, (3, 3), LIMITS)
    assert found.moved == ()
    assert found.ratio == pytest.approx(2.0, rel=0.03)
    assert found.ratio_probability == pytest.approx(0.05)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.2, 50.0))
def test_the_unit_of_time_does_not_matter(seed: int, factor: float) -> None:
    limits = Limits(seconds=0.0)
    cases = timed(random.Random(seed), 3, 3, 40, 4, 3.0)
    scaled = {
        name: Times(*(tuple((run, factor * seconds) for run, seconds in side) for side in each))
        for name, each in cases.items()
    }
    first, second = (compare(each, (3, 3), limits) for each in (cases, scaled))
    # The offset for a clock's resolution is worth half a percent of a second.
    assert {each.case for each in first.moved if each.ratio > 2} == {
        each.case for each in second.moved if each.ratio > 2
    }
    assert first.basis == second.basis


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_faster_is_slower_with_the_sides_exchanged(seed: int) -> None:
    cases = timed(random.Random(seed), 4, 3, 60, 6, 2.5)
    exchanged = {name: Times(each.run, each.baseline) for name, each in cases.items()}
    slower, faster = shown(cases, (4, 3))
    assert shown(exchanged, (3, 4)) == (faster, slower)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_the_runs_does_not_matter(seed: int, draw: random.Random) -> None:
    cases = timed(random.Random(seed), 3, 3, 40, 4, 2.5)
    orders = [draw.sample(range(3), 3) for _ in range(2)]

    def moved(side: tuple[tuple[int, float], ...], order: list[int]) -> tuple[tuple[int, float], ...]:
        return tuple(sorted((order[run], seconds) for run, seconds in side))

    other = {name: Times(moved(each.baseline, orders[0]), moved(each.run, orders[1])) for name, each in cases.items()}

    def rounded(found: tuple[Moved, ...]) -> set[tuple[str, bool, float]]:
        return {(each.case, each.slower, round(each.ratio, 9)) for each in found}

    assert rounded(compare(cases, (3, 3), LIMITS).moved) == rounded(compare(other, (3, 3), LIMITS).moved)


def simulated(before: int, after: int, model: NoiseModel, rounds: int, cases: int = 200) -> tuple[float, int, int]:
    """The share of doubled cases that are found, and the rounds with a false "slower" and with a false "faster"."""
    draw = random.Random(20)
    found = slow = fast = 0
    slowed = cases // 20
    for _ in range(rounds):
        slower, faster = shown(timed(draw, before, after, cases, slowed, 2.0, model), (before, after))
        real = {f"case {number}" for number in range(slowed)}
        found += len(slower & real)
        slow += bool(slower - real)
        fast += bool(faster)
    return found / (rounds * slowed), slow, fast


# benchmarks/compare.py does this a thousand times; its numbers are in docs/compare.md.
@pytest.mark.slow
def test_doubled_times_are_found_with_three_and_three_runs() -> None:
    power, slow, fast = simulated(3, 3, MEASURED, rounds=40)
    assert power > 0.93
    assert (slow, fast) == (0, 0)


@pytest.mark.slow
def test_doubled_times_are_found_with_seven_and_three_runs() -> None:
    power, slow, fast = simulated(7, 3, MEASURED, rounds=15)
    assert power > 0.95
    assert (slow, fast) == (0, 0)


@pytest.mark.slow
def test_noise_on_a_crowded_machine_is_no_slow_test() -> None:
    _, slow, fast = simulated(3, 3, CROWDED, rounds=25)
    assert slow + fast <= 1


def test_enough_runs_of_few_cases_are_told_by_their_ranks() -> None:
    cases = {
        "a": sides([1.0, 1.1, 1.05, 1.2, 1.0, 1.15], [2.0, 2.1, 2.2, 2.05, 2.3, 2.0]),
        "b": sides([1.0] * 6, [1.0] * 6),
    }
    assert compare(cases, (6, 6), LIMITS).basis is Basis.RANKS
    assert shown(cases, (6, 6)) == ({"a"}, set())
