"""The statistics beside counting every possibility."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.compare.statistics import (
    binomial_at_least,
    binomial_at_most,
    highest_rate,
    holm,
    rank_test,
    same_rate,
    smallest_rank_test,
    tail_quantile,
)

VALUES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=5)


def u_statistic(low: list[float], high: list[float]) -> float:
    """How many pairs have the higher sample's value above, half for equal ones."""
    return sum((above > below) + 0.5 * (above == below) for above in high for below in low)


def counted_rank_test(low: list[float], high: list[float]) -> Fraction:
    """The share of all divisions of the values in which the higher sample ranks at least as high."""
    values = [*low, *high]
    seen = u_statistic(low, high)
    divisions = list(itertools.combinations(range(len(values)), len(high)))
    extreme = 0
    for division in divisions:
        chosen = [values[place] for place in division]
        rest = [value for place, value in enumerate(values) if place not in division]
        extreme += u_statistic(rest, chosen) >= seen
    return Fraction(extreme, len(divisions))


@given(VALUES, VALUES)
def test_the_rank_test_counts_every_division(low: list[float], high: list[float]) -> None:
    assert rank_test(low, high) == pytest.approx(float(counted_rank_test(low, high)), abs=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        # Mann and Whitney 1947, table I: the probability of U <= 0, 1, 2 for three and three values.
        ([1, 2, 3], [4, 5, 6], 0.05),
        ([1, 2, 4], [3, 5, 6], 0.10),
        ([1, 2, 5], [3, 4, 6], 0.20),
        ([1, 1, 1], [1, 1, 1], 1.0),
        ([4, 5, 6], [1, 2, 3], 1.0),
        (range(7), range(7, 10), 1 / 120),
    ],
)
def test_known_values_of_the_rank_test(low: list[float], high: list[float], expected: float) -> None:
    assert rank_test(low, high) == pytest.approx(expected, abs=1e-12)


def test_large_samples_agree_with_the_exact_test(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(1)
    for shift in (0.0, 0.3, 0.8):
        low = [round(draw.gauss(0, 1), 1) for _ in range(25)]
        high = [round(draw.gauss(shift, 1), 1) for _ in range(30)]
        exact = rank_test(low, high)
        monkeypatch.setattr("fi_bump.compare.statistics._EXACT", 0)
        assert rank_test(low, high) == pytest.approx(exact, abs=0.01)
        monkeypatch.undo()


def test_a_large_sample_of_equal_values_shows_nothing() -> None:
    assert rank_test([1.0] * 40, [1.0] * 40) == 1.0


@given(st.integers(1, 6), st.integers(1, 6))
def test_the_smallest_value_is_that_of_separated_samples(low: int, high: int) -> None:
    assert smallest_rank_test(low, high) == pytest.approx(rank_test(range(low), range(low, low + high)), abs=1e-12)


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_the_same_rate_counts_every_order_of_the_failures(before: int, after: int, data: st.DataObject) -> None:
    failed_before = data.draw(st.integers(0, before))
    failed_after = data.draw(st.integers(0, after))
    failed = failed_before + failed_after
    choices = list(itertools.combinations(range(before + after), failed))
    as_many = sum(sum(place >= before for place in choice) >= failed_after for choice in choices)
    expected = Fraction(as_many, len(choices))
    assert same_rate(failed_before, before, failed_after, after) == pytest.approx(float(expected), abs=1e-12)


@given(st.integers(0, 6), st.integers(0, 6), st.floats(0, 1))
def test_binomial_tails_are_sums_over_all_outcomes(successes: int, more: int, rate: float) -> None:
    trials = successes + more
    chances = dict.fromkeys(range(trials + 1), 0.0)
    for outcome in itertools.product((0, 1), repeat=min(trials, 12)):
        number = sum(outcome)
        chances[number] += rate**number * (1 - rate) ** (trials - number)
    assert binomial_at_least(successes, trials, rate) == pytest.approx(
        sum(chance for number, chance in chances.items() if number >= successes), abs=1e-9
    )
    assert binomial_at_most(successes, trials, rate) == pytest.approx(
        sum(chance for number, chance in chances.items() if number <= successes), abs=1e-9
    )


@pytest.mark.parametrize("runs", [1, 2, 7, 59])
def test_the_highest_rate_would_stay_unseen_once_in_twenty_times(runs: int) -> None:
    assert (1 - highest_rate(runs)) ** runs == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("probabilities", "tests", "expected"),
    [
        ([0.01, 0.04, 0.03, 0.005], 4, [0.03, 0.06, 0.06, 0.02]),
        ([0.01, 0.01], 100, [1.0, 1.0]),
        ([0.00001], 500, [0.005]),
        ([], 5, []),
    ],
)
def test_holm(probabilities: list[float], tests: int, expected: list[float]) -> None:
    assert holm(probabilities, tests) == pytest.approx(expected)


def test_a_quantile_of_an_exponential_tail() -> None:
    draw = random.Random(2)
    sample = [draw.expovariate(1.0) for _ in range(20_000)]
    for probability in (1e-2, 1e-3, 1e-5):
        assert tail_quantile(sample, probability) == pytest.approx(-math.log(probability), rel=0.1)


def test_a_quantile_of_a_normal_tail_is_not_too_low() -> None:
    draw = random.Random(3)
    sample = [draw.gauss(0.0, 1.0) for _ in range(20_000)]
    assert 4.27 < tail_quantile(sample, 1e-5) < 5.5
