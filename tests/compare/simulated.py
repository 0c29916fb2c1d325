"""Simulated test runs: the noise of real CI times, sets in which every case's fate is planted, and their JUnit files.

The noise was measured on 40 weekly measurements of a public project's tests by GitHub's hosted runners (2,211 tests of
at least half a second, 70,752 distances from the median of the eight neighbouring weeks; docs/compare.md). A test's time
varies by 2.7 % (log-normal; that figure itself varies by 30 % from test to test), a whole run by 3 %, and 2.4 % of the
times are delayed: by 16 % or more, on average by a factor of e^0.93, with a power law's tail. Some tests are delayed
more often than others.
"""

from __future__ import annotations

import math
import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fi_bump.compare.cases import CaseResult
from fi_bump.compare.model import ChangeKind
from fi_bump.compare.runs import SuiteRun
from fi_bump.compare.times import Times


class NoiseModel(NamedTuple):
    """The noise of test times.

    `spread` is the standard deviation of a typical test's logarithm, `spread_varies` that of the logarithm of the spread,
    `run` that of a run as a whole. A time is delayed with the probability `delayed`, which varies over tests as a gamma
    distribution of this `shape`: by the factor exp(`least` + an exponential variable of this `mean`).
    """

    spread: float = 0.027
    spread_varies: float = 0.3
    run: float = 0.03
    delayed: float = 0.0242
    shape: float = 0.75
    least: float = 0.15
    mean: float = 0.776


MEASURED = NoiseModel()
# A machine that is shared with others: the same shape, everything three times as wide and delays twice as frequent.
CROWDED = NoiseModel(spread=0.08, run=0.1, delayed=0.05)


class Clock:
    """Draws the times of one comparison."""

    def __init__(self, draw: random.Random, runs: int, model: NoiseModel = MEASURED) -> None:
        self._draw = draw
        self._model = model
        self._runs = [draw.gauss(0.0, model.run) for _ in range(runs)]

    def case(self, seconds: float) -> list[float]:
        """The time of one case in each run."""
        model, draw = self._model, self._draw
        spread = model.spread * math.exp(draw.gauss(0.0, model.spread_varies))
        delayed = min(0.5, draw.gammavariate(model.shape, model.delayed / model.shape))
        times = []
        for run in self._runs:
            delay = model.least + draw.expovariate(1 / model.mean) if draw.random() < delayed else 0.0
            times.append(seconds * math.exp(run + draw.gauss(0.0, spread) + delay))
        return times


def durations(draw: random.Random, cases: int, least: float = 1.0) -> list[float]:
    """The seconds of so many cases: log-normal with a median of two, none below the least."""
    return [max(least, math.exp(draw.gauss(math.log(2), 1.0))) for _ in range(cases)]


def timed(
    draw: random.Random, before: int, after: int, cases: int, slowed: int, factor: float, model: NoiseModel = MEASURED
) -> dict[str, Times]:
    """The times of `cases` cases of which the first `slowed` take `factor` times as long on the later side."""
    clock = Clock(draw, before + after, model)
    found = {}
    for number, seconds in enumerate(durations(draw, cases)):
        times = clock.case(seconds)
        if number < slowed:
            times[before:] = [each * factor for each in times[before:]]
        found[f"case {number}"] = Times(tuple(enumerate(times[:before])), tuple(enumerate(times[before:])))
    return found


class Planted(NamedTuple):
    """Baseline runs and runs in which every case's fate is known; a case that is not named is as before."""

    baseline: list[SuiteRun]
    runs: list[SuiteRun]
    fates: dict[str, ChangeKind]


# How many cases of 500 have each fate.
FATES = {
    ChangeKind.NEW_FAILURE: 15,
    ChangeKind.OTHER_MESSAGE: 10,
    ChangeKind.VANISHED: 15,
    ChangeKind.SLOWER: 15,
    ChangeKind.INFRASTRUCTURE: 10,
    ChangeKind.FLAKY: 20,
    ChangeKind.KNOWN_FAILURE: 15,
    ChangeKind.FIXED: 10,
    ChangeKind.FASTER: 10,
    ChangeKind.NEW_CASE: 10,
}


def planted(seed: int, cases: int = 500, before: int = 7, after: int = 3) -> Planted:
    """A set with every kind of change over so many cases, shuffled."""
    draw = random.Random(seed)
    fates: list[ChangeKind | None] = [kind for kind, number in FATES.items() for _ in range(number)]
    fates += [None] * (cases - len(fates))
    draw.shuffle(fates)
    clock = Clock(draw, before + after)
    columns: list[dict[str, CaseResult]] = [{} for _ in range(before + after)]
    named = {}
    for number, (fate, seconds) in enumerate(zip(fates, durations(draw, cases), strict=True)):
        key = f"tests.kernels.test_{number % 23}::test_case[{number}-bfloat16]"
        if fate is not None:
            named[key] = fate
        for column, result in zip(columns, _results(draw, fate, clock.case(seconds), number, before), strict=True):
            if result is not None:
                column[key] = result
    runs = [SuiteRun(f"run {number}", (f"{number}.xml",), column) for number, column in enumerate(columns)]
    return Planted(runs[:before], runs[before:], named)


def _results(
    draw: random.Random, fate: ChangeKind | None, times: list[float], number: int, before: int
) -> list[CaseResult | None]:
    """One case in every run, the baseline runs first."""
    after = len(times) - before
    passed: list[CaseResult | None] = [CaseResult("pass", each) for each in times]

    def failed(message: Callable[[], str], infrastructure: str | None = None) -> Callable[[float], CaseResult]:
        return lambda seconds: CaseResult("fail", seconds, message(), infrastructure, failed=1)

    def noisy() -> str:
        return (
            f"AssertionError: {draw.randint(1, 99)} / 4096 elements differ, max {draw.random():.4f} at "
            f"0x{draw.getrandbits(48):012x} after {draw.random() * 9:.2f} s, seed={draw.getrandbits(32)}"
        )

    early, late = times[:before], times[before:]
    match fate:
        case ChangeKind.NEW_FAILURE:
            return [*passed[:before], *map(failed(noisy), late)]
        case ChangeKind.OTHER_MESSAGE:
            other = failed(lambda: f"RuntimeError: shape [{draw.randint(1, 9)}] is not supported")
            return [*map(failed(noisy), early), *map(other, late)]
        case ChangeKind.VANISHED:
            skip = None if number % 3 else CaseResult("skip", 0.0, "requires another architecture")
            return [*passed[:before], *[skip] * after]
        case ChangeKind.SLOWER:
            return [*passed[:before], *(CaseResult("pass", 3 * each) for each in late)]
        case ChangeKind.FASTER:
            return [*passed[:before], *(CaseResult("pass", each / 3) for each in late)]
        case ChangeKind.INFRASTRUCTURE:
            killed = failed(lambda: "the process exited with 137", "killed")
            return [*passed[:before], *map(killed, late)]
        case ChangeKind.FLAKY:
            rate = draw.randint(1, before - 1)
            places = {*draw.sample(range(before), rate)}
            places |= {place for place in range(before, len(times)) if draw.random() < rate / before}
            fail = failed(noisy)
            return [fail(each) if place in places else passed[place] for place, each in enumerate(times)]
        case ChangeKind.KNOWN_FAILURE:
            return [*map(failed(noisy), times)]
        case ChangeKind.FIXED:
            return [*map(failed(noisy), early), *passed[before:]]
        case ChangeKind.NEW_CASE:
            return [*[None] * before, *passed[before:]]
        case _:
            return passed if number % 10 else [CaseResult("skip", 0.0, "requires another architecture")] * len(times)


def write(run: SuiteRun, path: Path) -> None:
    """Write a run as pytest writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(xml(run.cases))


def xml(cases: Mapping[str, CaseResult], suite: str = "pytest") -> bytes:
    """The JUnit XML of some results."""
    root = ElementTree.Element("testsuites")
    element = ElementTree.SubElement(root, "testsuite", {"name": suite, "tests": str(len(cases))})
    for key, case in cases.items():
        owner, _, name = key.rpartition("::")
        attributes = {"classname": owner, "name": name}
        attributes |= {} if case.seconds is None else {"time": f"{case.seconds:.3f}"}
        child = ElementTree.SubElement(element, "testcase", attributes)
        if case.outcome != "pass":
            tag = "failure" if case.outcome == "fail" else "skipped"
            ElementTree.SubElement(child, tag, {"message": case.message}).text = f"def test():\nE   {case.message}"
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def split(run: SuiteRun, shards: int) -> Sequence[SuiteRun]:
    """The run in so many shards."""
    keys = list(run.cases)
    return [
        run._replace(cases={key: run.cases[key] for key in keys[number::shards]}, files=(f"{run.name}-{number}.xml",))
        for number in range(shards)
    ]
