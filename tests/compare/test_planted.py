"""Ten kinds of change planted over 500 cases, seven baseline runs and three runs: all are told apart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.model import ChangeKind, RunComparison
from fi_bump.compare.runs import gather
from fi_bump.compare.times import Limits
from tests.compare.simulated import FATES, Planted, planted, split, write

ON_TIME = {ChangeKind.SLOWER, ChangeKind.FASTER}


def compared(given: Planted) -> RunComparison:
    return compare(given.baseline, given.runs, Limits(), known().meaning)


def fates(found: RunComparison) -> dict[str, ChangeKind]:
    """What became of each case by the comparison; a time counts where it is shown."""
    shown = [entry for entry in found.entries if entry.shown]
    assert len({entry.case for entry in shown if entry.kind not in ON_TIME}) == sum(
        entry.kind not in ON_TIME for entry in shown
    )
    times = {entry.case: entry.kind for entry in shown if entry.kind in ON_TIME}
    return times | {entry.case: entry.kind for entry in shown if entry.kind not in ON_TIME}


def test_the_set_holds_every_kind() -> None:
    given = planted(0)
    assert set(FATES) == set(ChangeKind)
    assert Counter(given.fates.values()) == FATES
    assert (len(given.baseline), len(given.runs)) == (7, 3)
    assert len({key for run in given.runs for key in run.cases} | set(given.fates)) == 500


@pytest.mark.slow
def test_all_ten_are_told_apart() -> None:
    given = planted(0)
    found = compared(given)
    assert fates(found) == given.fates
    assert found.counts == {kind.value: number for kind, number in FATES.items()}
    assert found.unchanged == 500 - sum(FATES.values())
    assert not found.ok


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_all_but_times_are_told_apart_whatever_is_drawn(seed: int) -> None:
    given = planted(seed)
    found = fates(compared(given))
    for kind in set(ChangeKind) - ON_TIME:
        assert {case for case, fate in found.items() if fate is kind} == {
            case for case, fate in given.fates.items() if fate is kind
        }
    # Of times no claim is certain: none is wrong, and few are missed.
    for kind in ON_TIME:
        claimed = {case for case, fate in found.items() if fate is kind}
        real = {case for case, fate in given.fates.items() if fate is kind}
        assert claimed <= real
        assert len(real - claimed) <= 2


def test_with_one_baseline_run_flaky_cases_are_not_told_apart_and_times_not_claimed() -> None:
    given = planted(0)
    found = compare(given.baseline[:1], given.runs[:1], Limits(), known().meaning)
    assert found.of(ChangeKind.FLAKY) == ()
    assert {entry.shown for entry in found.entries if entry.kind in ON_TIME} == {False}
    assert {entry.blocks for entry in found.entries if entry.kind in ON_TIME} == {False}
    for kind in (ChangeKind.OTHER_MESSAGE, ChangeKind.VANISHED, ChangeKind.INFRASTRUCTURE, ChangeKind.NEW_CASE):
        assert {entry.case for entry in found.of(kind)} == {case for case, fate in given.fates.items() if fate is kind}
    assert found.claims == (
        "failures: with one baseline run a flaky test cannot be told from a new failure",
        "times: no claim with 1 and 1 runs, 3 and 3 would allow one; ratios are stated and do not block",
        f"times are relative to the speed of their run; as a whole the tests took {found.whole.ratio:.2f} times as long",
    )


@pytest.mark.slow
def test_through_files_in_shards_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = planted(0)
    for side, runs in (("nightly", given.baseline), ("pr", given.runs)):
        for number, run in enumerate(runs):
            for shard, part in enumerate(split(run, 3)):
                write(part, tmp_path / side / str(number) / f"shard-{shard}.xml")
    monkeypatch.chdir(tmp_path)
    causes = known()
    baseline = gather("--baseline", ["nightly/{run}/*.xml"], causes.cause)
    runs = gather("--run", ["pr/{run}/*.xml"], causes.cause)
    assert [len(run.files) for run in (*baseline, *runs)] == [3] * 10
    assert fates(compare(baseline, runs, Limits(), causes.meaning)) == given.fates
