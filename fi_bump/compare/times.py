"""Which cases take longer, or less long, than the noise of test runs explains. docs/compare.md has the measurements.

Times are compared as logarithms, relative to how fast their run was as a whole. "Faster" is "slower" with the sides
exchanged.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from fi_bump.compare.statistics import holm, rank_test, smallest_rank_test, tail_quantile

# Fewer runs on either side show no time: noise puts two runs of a case that was delayed into one comparison too often.
LEAST_RUNS = 3
# The chance that any case of a comparison is called slower although none is. Simulations keep below twice that.
ALPHA = 0.005
# Each case by itself must rank this high.
_RANK_LEVEL = 0.1
# The noise of fewer cases is not known well enough to be told from a change.
_LEAST_CASES = 20
# The noise is measured on the cases that are long enough to matter, and on at least so many of the longest. Shorter
# ones vary more, so that a claim becomes harder by them, not easier.
_LEAST_MEASURED = 100
# Bounds of the work: the cases whose noise is looked at, and the divisions of one case's times.
_MOST_CASES = 2000
_MOST_DIVISIONS = 36
# How many more times the typical noise counts as seen, beside a case's own.
_PRIOR = 4
# What is added to each time, so that the resolution of a clock is no ratio.
_OFFSET = 0.005


# From what on a difference matters where the user names nothing: how many times as long, and how many seconds longer.
RATIO = 1.5
LEAST_SECONDS = 0.5


class Limits(NamedTuple):
    """From what on a difference matters: the ratio, and the seconds between the medians.

    `stated` says that the user named the ratio: it then counts also where noise may explain it.
    """

    ratio: float = RATIO
    seconds: float = LEAST_SECONDS
    stated: bool = False


class Basis(StrEnum):
    """What a claim on time rests on."""

    NOTHING = "nothing"
    NOISE = "noise"
    RANKS = "ranks"


class Times(NamedTuple):
    """The seconds of one case in the baseline runs and in the runs, each with its run's number."""

    baseline: tuple[tuple[int, float], ...]
    run: tuple[tuple[int, float], ...]

    @property
    def medians(self) -> tuple[float, float]:
        """The median seconds on both sides."""
        return median(value for _, value in self.baseline), median(value for _, value in self.run)


class Moved(NamedTuple):
    """A case whose time moved: by which ratio, relative to its run, the rank test's value, and whether it is shown.

    `shown` is False where only the ratio is stated.
    """

    case: str
    slower: bool
    ratio: float
    probability: float
    shown: bool


class Timing(NamedTuple):
    """What can be said of all times.

    `cases` is how many have a time on both sides, `measured` how many of them the noise was measured on: the longest.
    `ratio` is how much longer these took as a whole (the median, None where there are too few), `ratio_probability` its
    rank test over the runs, `seconds` how much longer their medians are together; `typical` is the
    ratio from which on a case with typical noise is called slower.
    """

    basis: Basis
    cases: int
    measured: int
    ratio: float | None
    ratio_probability: float | None
    seconds: float
    typical: float | None
    moved: tuple[Moved, ...]


def compare(cases: Mapping[str, Times], runs: tuple[int, int], limits: Limits) -> Timing:
    """Compare the times of every case that passed on both sides; `runs` says how many runs there are on each."""
    ranked = sorted(cases, key=lambda name: -max(cases[name].medians))
    long = sum(max(times.medians) >= limits.seconds for times in cases.values())
    longest = ranked[: max(long, _LEAST_MEASURED)]
    effects = _effects([cases[name] for name in longest], runs)
    rows = {name: _row(cases[name], effects) for name in longest}
    ratio, probability = _whole(effects)
    apart = sum(cases[name].medians[1] - cases[name].medians[0] for name in longest)
    enough = {name: row for name, row in rows.items() if min(len(row.low), len(row.high)) >= LEAST_RUNS}
    basis = _basis(enough.values(), len(cases))
    moved: list[Moved] = []
    typical: list[float] = []
    for slower in (True, False):
        sides = {name: row if slower else Row(row.high, row.low) for name, row in rows.items()}
        large = {name: side for name, side in sides.items() if _matters(side, cases[name], limits, slower)}
        shown: set[str] = set()
        if basis is Basis.RANKS:
            shown = _by_ranks({name: side for name, side in large.items() if name in enough}, len(cases))
        elif basis is Basis.NOISE:
            noise = Noise.of([sides[name] for name in enough], len(cases))
            shown = {name for name, side in large.items() if name in enough and noise.excludes(side)}
            typical += [noise.typical] if slower else []
        for name, side in large.items():
            moved.append(Moved(name, slower, side.ratio if slower else 1 / side.ratio, side.rank, name in shown))
    return Timing(
        basis=basis,
        cases=len(cases),
        measured=len(enough),
        ratio=ratio,
        ratio_probability=probability,
        seconds=apart,
        typical=max(typical, default=None),
        moved=tuple(moved),
    )


class Row(NamedTuple):
    """The logarithms of one case's times on the side that is to be lower and on the one that is to be higher."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as long the higher side takes, by the medians."""
        return math.exp(median(self.high) - median(self.low))

    @property
    def rank(self) -> float:
        """The rank test's value."""
        return rank_test(self.low, self.high)

    def lead(self, spread: float) -> float:
        """How far all of the higher side lies above the middle of the lower one, in units of the case's noise."""
        return (min(self.high) - median(self.low)) / self.scale(spread)

    @property
    def spread(self) -> float:
        """The noise of the case: the median distance from its side's median, as a standard deviation."""
        distances: list[float] = []
        middles = 0
        for side in (self.low, self.high):
            middle = median(side)
            distances += [abs(value - middle) for value in side]
            middles += len(side) % 2
        # An odd number of values has one that is its own median: it tells nothing.
        return 1.4826 * median(sorted(distances)[middles:])

    def scale(self, typical: float) -> float:
        """The case's noise, drawn towards the typical one, since it is known from few values.

        It is no less than the gap in the lower half of the higher side: three delayed runs that have nothing to do with
        each other disagree, where a case that became slower does so alike in all of them.
        """
        freedom = len(self.low) + len(self.high) - 2
        pooled = math.sqrt((_PRIOR * typical**2 + freedom * self.spread**2) / (_PRIOR + freedom))
        return max(pooled, median(self.high) - min(self.high))


class Noise(NamedTuple):
    """What noise alone does: the typical spread of a case, and the lead that it does not reach."""

    spread: float
    limit: float

    @classmethod
    def of(cls, rows: Sequence[Row], tests: int) -> Noise:
        """Measure it: divide each case's times in every other way, and see how far one side leads the other.

        The limit is the lead that any of so many tests exceeds with a probability of ALPHA.
        """
        chosen = rows if len(rows) <= _MOST_CASES else random.Random(0).sample(rows, _MOST_CASES)
        spread = max(median(row.spread for row in chosen), 1e-3)
        leads = [other.lead(spread) for row in chosen for other in _divided(row)]
        return cls(spread, tail_quantile(leads, ALPHA / tests))

    def excludes(self, row: Row) -> bool:
        """Whether the case leads by more than noise explains, and by its own rank."""
        return row.lead(self.spread) >= self.limit and row.rank <= _RANK_LEVEL

    @property
    def typical(self) -> float:
        """The ratio that a case with the typical spread has to exceed in each run."""
        return math.exp(self.limit * self.spread)


def _divided(row: Row) -> Iterable[Row]:
    """The same times divided in other ways, at most so many: what a comparison sees when nothing changed."""
    values = (*row.low, *row.high)
    lows, size = len(row.low), len(row.high)
    real = tuple(range(lows, len(values)))
    mirrored = tuple(range(lows)) if lows == size else None
    if math.comb(len(values), size) <= _MOST_DIVISIONS:
        divisions = [each for each in itertools.combinations(range(len(values)), size) if each not in (real, mirrored)]
    else:
        draw = random.Random(0)
        drawn = (tuple(sorted(draw.sample(range(len(values)), size))) for _ in range(_MOST_DIVISIONS))
        divisions = [each for each in drawn if each not in (real, mirrored)]
    for division in divisions:
        high = set(division)
        yield Row(
            tuple(value for place, value in enumerate(values) if place not in high),
            tuple(values[place] for place in division),
        )


def _basis(rows: Iterable[Row], tests: int) -> Basis:
    """By the number of runs and cases alone, never by the times: a rule chosen after a look at them proves nothing."""
    counted = list(rows)
    if not counted:
        return Basis.NOTHING
    if all(smallest_rank_test(len(row.low), len(row.high)) * tests <= ALPHA for row in counted):
        return Basis.RANKS
    return Basis.NOISE if len(counted) >= _LEAST_CASES else Basis.NOTHING


def _by_ranks(rows: Mapping[str, Row], tests: int) -> set[str]:
    """The cases whose own rank test holds after Holm's correction for the number of tests."""
    corrected = holm([row.rank for row in rows.values()], tests)
    return {name for name, probability in zip(rows, corrected, strict=True) if probability <= ALPHA}


def _matters(side: Row, times: Times, limits: Limits, slower: bool) -> bool:
    """Whether every time of the higher side is beyond the ratio, and the medians are seconds apart."""
    before, after = times.medians
    apart = after - before if slower else before - after
    return apart >= limits.seconds and min(side.high) - median(side.low) >= math.log(limits.ratio)


def _row(times: Times, effects: Effects) -> Row:
    return Row(
        tuple(_log(value) - effects.baseline[run] for run, value in times.baseline),
        tuple(_log(value) - effects.run[run] for run, value in times.run),
    )


class Effects(NamedTuple):
    """How much slower each run was as a whole, as a logarithm; all zero where too few cases say so."""

    baseline: tuple[float, ...]
    run: tuple[float, ...]
    known: bool


def _effects(cases: Iterable[Times], runs: tuple[int, int]) -> Effects:
    """The median over the cases of each run's distance from the case's middle."""
    apart: tuple[list[list[float]], list[list[float]]] = ([[] for _ in range(runs[0])], [[] for _ in range(runs[1])])
    for times in cases:
        middle = (
            median(_log(value) for _, value in times.baseline) + median(_log(value) for _, value in times.run)
        ) / 2
        for side, values in enumerate((times.baseline, times.run)):
            for run, value in values:
                apart[side][run].append(_log(value) - middle)
    known = all(len(each) >= _LEAST_CASES for side in apart for each in side)
    if not known:
        return Effects((0.0,) * runs[0], (0.0,) * runs[1], False)
    before, after = (tuple(median(each) for each in side) for side in apart)
    return Effects(before, after, True)


def _whole(effects: Effects) -> tuple[float | None, float | None]:
    """How many times as long the runs took as a whole, and the rank test over the runs."""
    if not effects.known:
        return None, None
    ratio = math.exp(median(effects.run) - median(effects.baseline))
    return ratio, rank_test(effects.baseline, effects.run)


def _log(seconds: float) -> float:
    return math.log(seconds + _OFFSET)
