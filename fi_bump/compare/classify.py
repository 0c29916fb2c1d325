"""What became of each test case: the rules for everything but its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from fi_bump.compare.cases import CaseResult
from fi_bump.compare.messages import signature
from fi_bump.compare.model import CaseChange, ChangeKind, Seen
from fi_bump.compare.statistics import binomial_at_least, binomial_at_most, same_rate

# A flaky case that fails again counts as a new failure where its rate explains that with a smaller probability.
UNLIKELY = 0.01

# A case in each run of a side; None where the run does not have it.
Results = Sequence[CaseResult | None]


class Judged(NamedTuple):
    """One case on both sides, with what a rule asks of it."""

    key: str
    baseline: tuple[CaseResult, ...]
    run: tuple[CaseResult, ...]
    runs: tuple[int, int]

    @classmethod
    def of(cls, key: str, baseline: Results, run: Results) -> Judged:
        """Without the runs that do not have the case."""
        before, after = (tuple(case for case in side if case is not None) for side in (baseline, run))
        return cls(key, before, after, (len(baseline), len(run)))

    @property
    def before(self) -> tuple[CaseResult, ...]:
        """What the baseline runs judged."""
        return tuple(case for case in self.baseline if case.judged)

    @property
    def after(self) -> tuple[CaseResult, ...]:
        """What the runs judged."""
        return tuple(case for case in self.run if case.judged)

    def entry(
        self, kind: ChangeKind, detail: str, *, blocks: bool = False, probability: float | None = None
    ) -> CaseChange:
        """An entry of this case."""
        now = [case for case in self.run if case.outcome != "pass"]
        then = [case for case in self.baseline if case.outcome == "fail"]
        placed = next((case for case in (*self.run, *self.baseline) if case.file), None)
        return CaseChange(
            kind=kind,
            case=self.key,
            detail=detail,
            blocks=blocks,
            baseline=seen(self.before),
            run=seen(self.after),
            message=now[0].message if now else None,
            was=then[-1].message if then else None,
            probability=probability,
            file=placed.file if placed else None,
            line=placed.line if placed else None,
        )


def seen(cases: Sequence[CaseResult]) -> Seen:
    """Judged results of one side, counted."""
    passed = [case.seconds for case in cases if case.outcome == "pass" and case.seconds is not None]
    return Seen(len(cases), failures(cases), median(passed) if passed else None)


def failures(cases: Sequence[CaseResult]) -> int:
    """In how many runs the case failed, also where it passed when it was run again."""
    return sum(case.outcome == "fail" or case.failed > 0 for case in cases)


def classify(judged: Judged, meaning: Callable[[str], str]) -> CaseChange | None:
    """What became of one case; None where it is as before. `meaning` says what a cause of the infrastructure is.

    A flaky case that fails is left to `weigh`, which knows how many of them there are.
    """
    if any(case.outcome == "fail" for case in judged.after):
        return _fails(judged)
    if judged.after:
        return _passes(judged)
    causes = [case.infrastructure for case in judged.run if case.infrastructure is not None]
    if causes:
        return judged.entry(ChangeKind.INFRASTRUCTURE, f"not judged: {meaning(causes[0])}")
    return _is_not_run(judged)


def _fails(judged: Judged) -> CaseChange:
    before = judged.before
    failed, runs = failures(before), len(before)
    if not before:
        return judged.entry(ChangeKind.NEW_FAILURE, _never_judged(judged), blocks=True)
    if not failed:
        return judged.entry(ChangeKind.NEW_FAILURE, f"passed in {_of(runs, 'baseline run')}", blocks=True)
    known = {signature(case.message) for case in judged.baseline if case.outcome == "fail"}
    new = [case for case in judged.after if case.outcome == "fail" and signature(case.message) not in known]
    if new and known:
        entry = judged.entry(ChangeKind.OTHER_MESSAGE, f"failed in {_of(failed, 'baseline run', runs)}", blocks=True)
        return entry._replace(message=new[0].message)
    if failed == runs and not any(case.outcome == "pass" for case in before):
        return judged.entry(
            ChangeKind.KNOWN_FAILURE, f"failed in {_of(failed, 'baseline run', runs)} with the same message"
        )
    return _flaky(judged)


def _never_judged(judged: Judged) -> str:
    if not judged.baseline:
        return "a new case that fails"
    if any(case.outcome == "skip" for case in judged.baseline):
        return "was skipped in the baseline"
    return "the baseline could not judge it"


def _passes(judged: Judged) -> CaseChange | None:
    before = judged.before
    failed, runs = failures(before), len(before)
    if not judged.baseline:
        return judged.entry(ChangeKind.NEW_CASE, "not in the baseline")
    if not before:
        skipped = any(case.outcome == "skip" for case in judged.baseline)
        return judged.entry(ChangeKind.NEW_CASE, "was skipped in the baseline") if skipped else None
    if failed == runs and not any(case.outcome == "pass" for case in before):
        return judged.entry(ChangeKind.FIXED, f"failed in {_of(failed, 'baseline run', runs)}")
    if failed or failures(judged.after):
        return _flaky(judged)
    return None


def _flaky(judged: Judged) -> CaseChange:
    """A case that both passed and failed: how probable what was seen is under the rate of the baseline."""
    before, after = judged.before, judged.after
    failed, runs = failures(before), len(before)
    now, runs_now = failures(after), len(after)
    probability = None
    if failed > 0:
        chance = binomial_at_least if now else binomial_at_most
        probability = chance(now, runs_now, failed / runs)
    what = f"failed in {failed} of {runs} baseline runs and in {now} of {runs_now} now"
    if any(case.failed and case.outcome == "pass" for case in after):
        what += ", and passed when it was run again"
    return judged.entry(ChangeKind.FLAKY, what, probability=probability)


def weigh(entries: Sequence[CaseChange]) -> list[CaseChange]:
    """Flaky cases that fail more often than their rate explains become new failures.

    By Fisher's exact test, which takes the rate as unknown, corrected for the number of flaky cases that fail.
    """
    failing = sum(entry.kind is ChangeKind.FLAKY and entry.run.failed > 0 for entry in entries)
    weighed = []
    for entry in entries:
        if entry.kind is ChangeKind.FLAKY and entry.run.failed and entry.baseline.failed:
            probability = same_rate(entry.baseline.failed, entry.baseline.runs, entry.run.failed, entry.run.runs)
            if probability * failing <= UNLIKELY:
                detail = f"{entry.detail}: more often than its rate explains"
                entry = entry._replace(kind=ChangeKind.NEW_FAILURE, detail=detail, blocks=True, probability=probability)
        weighed.append(entry)
    return weighed


def _is_not_run(judged: Judged) -> CaseChange | None:
    """A case that no run judged: gone, or skipped."""
    runs = len(judged.before)
    if not runs:
        return None
    skipped = [case for case in judged.run if case.outcome == "skip"]
    if skipped:
        reason = f": {skipped[0].message}" if skipped[0].message else ""
        return judged.entry(ChangeKind.VANISHED, f"is skipped now{reason}", blocks=True)
    present, total = len(judged.baseline), judged.runs[0]
    if present == total:
        return judged.entry(ChangeKind.VANISHED, "is not in the run", blocks=True)
    # Half of the runs can lack a case because a shard was lost; a case of fewer is one that came and went before.
    detail = f"is not in the run, and was in {present} of {total} baseline runs"
    return judged.entry(ChangeKind.VANISHED, detail, blocks=present * 2 >= total)


def _of(number: int, noun: str, total: int | None = None) -> str:
    """`the baseline run`, `all 7 baseline runs`, `3 of 7 baseline runs`."""
    total = number if total is None else total
    if total == 1:
        return f"the {noun}"
    return f"all {total} {noun}s" if number == total else f"{number} of {total} {noun}s"
