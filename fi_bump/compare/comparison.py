"""Runs against baseline runs: every case classified, the times compared, and what that can and cannot show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fi_bump.compare import times as timing
from fi_bump.compare.cases import CaseResult
from fi_bump.compare.classify import Judged, classify, seen, weigh
from fi_bump.compare.model import CaseChange, ChangeKind, RunComparison, Side, Whole
from fi_bump.compare.runs import SuiteRun
from fi_bump.compare.statistics import highest_rate
from fi_bump.compare.times import LEAST_RUNS, Basis, Limits, Times, Timing

_ORDER = list(ChangeKind)
# By what share a ratio of seconds may differ from the one that counts before a reader is told why.
_SPEED = 0.05


def compare(
    baseline: Sequence[SuiteRun],
    runs: Sequence[SuiteRun],
    limits: Limits,
    meaning: Callable[[str], str],
    *,
    strict: bool = False,
) -> RunComparison:
    """Compare every case of the runs with the baseline runs.

    `meaning` puts a cause of the infrastructure into words. With `strict` a case that the infrastructure kept from
    being judged makes the comparison red too.
    """
    keys = dict.fromkeys(key for run in (*baseline, *runs) for key in run.cases)
    judged = [
        Judged.of(key, [run.cases.get(key) for run in baseline], [run.cases.get(key) for run in runs]) for key in keys
    ]
    found = {each.key: entry for each in judged if (entry := classify(each, meaning)) is not None}
    collected = _named_causes(weigh(list(found.values())))
    timed = timing.compare(_times(keys, baseline, runs), (len(baseline), len(runs)), limits)
    by_key = {each.key: each for each in judged}
    collected += [_time_entry(by_key[moved.case], moved, limits) for moved in timed.moved]
    if strict:
        collected = [each._replace(blocks=each.blocks or each.kind is ChangeKind.INFRASTRUCTURE) for each in collected]
    entries = tuple(sorted(collected, key=lambda entry: (_ORDER.index(entry.kind), not entry.blocks, entry.case)))
    whole = _whole(timed, (len(baseline), len(runs)), limits)
    problems = tuple(f"{damaged.path} ends early: {damaged.reason}" for run in runs for damaged in run.damaged)
    ok = not problems and not whole.blocks and not any(entry.blocks for entry in entries)
    unchanged = len(keys) - len({entry.case for entry in entries})
    claims = tuple(_claims(baseline, runs, timed, limits))
    return RunComparison(
        ok=ok,
        baseline=_side(baseline),
        run=_side(runs),
        unchanged=unchanged,
        entries=entries,
        whole=whole,
        claims=claims,
        problems=problems,
        slower=limits.ratio,
        least_seconds=limits.seconds,
    )


def _side(runs: Sequence[SuiteRun]) -> Side:
    return Side(
        runs=tuple(run.name for run in runs),
        files=sum(len(run.files) for run in runs),
        cases=len({key for run in runs for key in run.cases}),
        seconds=tuple(round(run.seconds, 3) for run in runs),
        damaged=tuple(f"{each.path}: {each.reason}" for run in runs for each in run.damaged),
        ignored=tuple(path for run in runs for path in run.ignored),
    )


def _named_causes(entries: Sequence[CaseChange]) -> list[CaseChange]:
    """Cases that vanished because their file could not be collected say so."""
    broken = {entry.case: entry for entry in entries if entry.kind is ChangeKind.NEW_FAILURE and "::" not in entry.case}
    named = []
    for entry in entries:
        cause = _collected_with(entry, broken) if entry.kind is ChangeKind.VANISHED and broken else None
        named.append(entry if cause is None else entry._replace(detail=f"is not in the run: {cause} was not collected"))
    return named


def _collected_with(entry: CaseChange, broken: dict[str, CaseChange]) -> str | None:
    """The file, as pytest names it, in which a case lies and that could not be collected."""
    return next((name for name in broken if entry.owner == name or entry.owner.startswith(f"{name}.")), None)


def _times(keys: dict[str, None], baseline: Sequence[SuiteRun], runs: Sequence[SuiteRun]) -> dict[str, Times]:
    """The times of each case that passed on both sides, where it passed."""
    found = {}
    for key in keys:
        sides = [
            tuple(
                (number, case.seconds)
                for number, run in enumerate(side)
                if (case := run.cases.get(key)) is not None and _timed(case) and case.seconds is not None
            )
            for side in (baseline, runs)
        ]
        if all(sides):
            found[key] = Times(*sides)
    return found


def _timed(case: CaseResult) -> bool:
    """Whether the time is that of one whole execution: a failure may come early, and a repetition counts twice."""
    return case.outcome == "pass" and case.failed == 0


def _time_entry(judged: Judged, moved: timing.Moved, limits: Limits) -> CaseChange:
    kind = ChangeKind.SLOWER if moved.slower else ChangeKind.FASTER
    before, after = seen(judged.before), seen(judged.after)
    factor = moved.ratio if moved.slower else 1 / moved.ratio
    how = f"{factor:.2f} times as {'long' if moved.slower else 'fast'}"
    if before.seconds and after.seconds and abs(after.seconds / before.seconds / moved.ratio - 1) > _SPEED:
        how += ", relative to the speed of its run"
    detail = f"{before.seconds:.2f} s before, {after.seconds:.2f} s now: {how}"
    if not moved.shown:
        detail += ", which noise may explain"
    blocks = moved.slower and (moved.shown or limits.stated)
    entry = judged.entry(kind, detail, blocks=blocks, probability=moved.probability)
    return entry._replace(ratio=moved.ratio, shown=moved.shown, message=None, was=None)


def _whole(timed: Timing, runs: tuple[int, int], limits: Limits) -> Whole:
    shown = min(runs) >= LEAST_RUNS and timed.ratio_probability is not None and timed.ratio_probability <= 0.05
    beyond = timed.ratio is not None and timed.ratio >= limits.ratio and timed.seconds >= limits.seconds
    return Whole(timed.ratio, timed.ratio_probability, shown, beyond and (shown or limits.stated))


def _claims(baseline: Sequence[SuiteRun], runs: Sequence[SuiteRun], timed: Timing, limits: Limits) -> Iterator[str]:
    """What the number of runs allows to say, and what it does not."""
    number = len(baseline)
    if number == 1:
        yield "failures: with one baseline run a flaky test cannot be told from a new failure"
    else:
        rate = highest_rate(number)
        yield (
            f"failures: a test that passed in all {number} baseline runs may still fail in up to {rate:.0%} of runs "
            "(95 % confidence)"
        )
    if timed.basis is Basis.NOTHING:
        yield _no_time(number, len(runs), timed, limits)
    else:
        how = f"the noise of the {timed.measured} longest" if timed.basis is Basis.NOISE else "a rank test of each"
        yield f"times: {timed.cases} tests, judged by {how}"
    if timed.typical is not None:
        least = max(timed.typical, limits.ratio)
        yield f"times: a test with typical noise has to take {least:.2f} times as long in every run to be called slower"
    if timed.ratio is not None:
        yield f"times are relative to the speed of their run; as a whole the tests took {timed.ratio:.2f} times as long"


def _no_time(before: int, now: int, timed: Timing, limits: Limits) -> str:
    what = "ratios are stated and block, as --slower asks" if limits.stated else "ratios are stated and do not block"
    if min(before, now) < LEAST_RUNS:
        return f"times: no claim with {before} and {now} runs, {LEAST_RUNS} and {LEAST_RUNS} would allow one; {what}"
    few = f"{timed.measured} tests with {LEAST_RUNS} and {LEAST_RUNS} times are too few to know their noise"
    return f"times: no claim, since {few}; {what}"
