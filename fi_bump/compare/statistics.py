"""The few tests that a comparison needs, exact where that is affordable. One-sided throughout."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

# Above this many values in both samples the rank test uses the normal approximation.
_EXACT = 60


def binomial_at_least(successes: int, trials: int, rate: float) -> float:
    """The probability of at least so many successes in independent trials of one rate."""
    return min(1.0, math.fsum(_binomial(each, trials, rate) for each in range(successes, trials + 1)))


def binomial_at_most(successes: int, trials: int, rate: float) -> float:
    """The probability of at most so many successes in independent trials of one rate."""
    return min(1.0, math.fsum(_binomial(each, trials, rate) for each in range(successes + 1)))


def _binomial(successes: int, trials: int, rate: float) -> float:
    return float(math.comb(trials, successes) * rate**successes * (1 - rate) ** (trials - successes))


def same_rate(before: int, runs_before: int, after: int, runs_after: int) -> float:
    """Fisher's exact test: the probability of at least `after` failures in the later runs if the rate did not change.

    It needs no estimate of the rate: given how many of all runs failed, every choice of them is equally likely.
    """
    failed, runs = before + after, runs_before + runs_after
    ways = sum(
        math.comb(runs_after, each) * math.comb(runs_before, failed - each)
        for each in range(after, min(failed, runs_after) + 1)
        if failed - each <= runs_before
    )
    return ways / math.comb(runs, failed)


def highest_rate(clean_runs: int, confidence: float = 0.95) -> float:
    """The highest failure rate that so many runs without a failure leave possible at this confidence."""
    return 1.0 - math.pow(1.0 - confidence, 1.0 / clean_runs)


def rank_test(low: Sequence[float], high: Sequence[float]) -> float:
    """The Mann-Whitney test: the probability that `high` ranks as high above `low` as it does, by chance.

    Exact, with ties, for up to 60 values; above that by the normal approximation with its corrections.
    """
    values = sorted((*low, *high))
    # Twice the mean rank of tied values, so that ranks are whole numbers.
    first = {value: place for place, value in reversed(list(enumerate(values)))}
    ties = Counter(values)
    ranks = [2 * first[value] + ties[value] + 1 for value in values]
    seen = sum(2 * first[value] + ties[value] + 1 for value in high)
    if len(values) <= _EXACT:
        sums = _rank_sums(tuple(ranks), len(high))
        return sum(ways for rank_sum, ways in sums.items() if rank_sum >= seen) / math.comb(len(values), len(high))
    return _normal_tail(seen / 2, len(low), len(high), list(ties.values()))


@lru_cache(maxsize=256)
def _rank_sums(ranks: tuple[int, ...], size: int) -> dict[int, int]:
    """How many ways there are to choose `size` of the ranks with each sum."""
    ways: list[Counter[int]] = [Counter({0: 1}), *(Counter() for _ in range(size))]
    for rank in ranks:
        for chosen in range(size, 0, -1):
            for rank_sum, number in ways[chosen - 1].items():
                ways[chosen][rank_sum + rank] += number
    return dict(ways[size])


def _normal_tail(rank_sum: float, low: int, high: int, ties: Sequence[int]) -> float:
    total = low + high
    mean = high * (total + 1) / 2
    correction = sum(tie**3 - tie for tie in ties) / (total * (total - 1))
    variance = low * high / 12 * (total + 1 - correction)
    if variance <= 0:
        return 1.0
    return 0.5 * math.erfc((rank_sum - mean - 0.5) / math.sqrt(2 * variance))


def smallest_rank_test(low: int, high: int) -> float:
    """The smallest value that `rank_test` can give for so many values: every one of `high` above every one of `low`."""
    return 1 / math.comb(low + high, high)


def holm(probabilities: Sequence[float], tests: int) -> list[float]:
    """Holm's correction for `tests` tests of which these are some, the others counting as certain."""
    order = sorted(range(len(probabilities)), key=lambda place: probabilities[place])
    corrected = [1.0] * len(probabilities)
    highest = 0.0
    for done, place in enumerate(order):
        highest = max(highest, min(1.0, (tests - done) * probabilities[place]))
        corrected[place] = highest
    return corrected


def tail_quantile(sample: Sequence[float], probability: float, share: float = 0.02, least: int = 20) -> float:
    """The value that the sample's source exceeds with this probability, which may be below one in the sample's size.

    The upper tail is taken as exponential from the highest `share` of the sample on (peaks over a threshold); of the
    logarithms of times that is a power law, the heavy tail that times have.
    """
    ordered = sorted(sample)
    tail = ordered[-min(len(ordered), max(least, int(share * len(ordered)))) :]
    threshold = tail[0]
    excess = math.fsum(value - threshold for value in tail) / len(tail)
    reached = len(tail) / len(ordered)
    return threshold + excess * math.log(max(1.0, reached / probability))
