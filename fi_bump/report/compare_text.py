"""What a comparison of test runs is called in every format."""

from __future__ import annotations

from fi_bump.compare.model import CaseChange, ChangeKind, RunComparison, Side, Whole
from fi_bump.report.finding_lines import count
from fi_bump.untrusted import one_line

TITLES = {
    ChangeKind.NEW_FAILURE: "new failures",
    ChangeKind.OTHER_MESSAGE: "failing with another message",
    ChangeKind.VANISHED: "no longer run",
    ChangeKind.SLOWER: "slower",
    ChangeKind.INFRASTRUCTURE: "not judged (infrastructure)",
    ChangeKind.FLAKY: "flaky",
    ChangeKind.KNOWN_FAILURE: "failing as in the baseline",
    ChangeKind.FIXED: "fixed",
    ChangeKind.FASTER: "faster",
    ChangeKind.NEW_CASE: "new cases",
}
# What of an entry's message adds something to its detail.
_WITH_MESSAGE = {
    ChangeKind.NEW_FAILURE,
    ChangeKind.OTHER_MESSAGE,
    ChangeKind.INFRASTRUCTURE,
    ChangeKind.FLAKY,
    ChangeKind.KNOWN_FAILURE,
}
_LONGEST = 200


def compared(comparison: RunComparison) -> str:
    """`1 run (3 files, 500 cases) beside 7 baseline runs (21 files, 500 cases)`."""
    return f"{_side(comparison.run, 'run')} beside {_side(comparison.baseline, 'baseline run')}"


def _side(side: Side, noun: str) -> str:
    return f"{count(len(side.runs), noun)} ({count(side.files, 'file')}, {count(side.cases, 'case')})"


def verdict(comparison: RunComparison) -> str:
    """`ok`, or `not ok: 2 new failures, 1 no longer run`."""
    if comparison.ok:
        return "ok"
    reasons = []
    for kind in ChangeKind:
        if number := sum(entry.blocks for entry in comparison.of(kind)):
            reasons.append(_number(number, kind))
    if comparison.whole.blocks:
        reasons.append(whole(comparison.whole))
    if comparison.problems:
        reasons.append(f"{count(len(comparison.problems), 'file')} cut off")
    return f"not ok: {', '.join(reasons)}"


def whole(times: Whole) -> str:
    """`all tests together took 2.13 times as long`."""
    return f"all tests together took {times.ratio:.2f} times as long"


def counted(comparison: RunComparison) -> str:
    """`2 new failures, 1 flaky, 497 as before`: every kind that there is."""
    parts = [_number(number, kind) for kind in ChangeKind if (number := len(comparison.of(kind)))]
    return ", ".join([*parts, f"{comparison.unchanged} as before"])


def _number(number: int, kind: ChangeKind) -> str:
    plural = kind in (ChangeKind.NEW_FAILURE, ChangeKind.NEW_CASE)
    return f"{number} {TITLES[kind].removesuffix('s') if plural and number == 1 else TITLES[kind]}"


def detail(entry: CaseChange) -> str:
    """What was seen, with its probability where it is a flaky case's."""
    if entry.kind is ChangeKind.FLAKY and entry.probability is not None:
        return f"{entry.detail} (probability {entry.probability:.2g} under that rate)"
    return entry.detail


def messages(entry: CaseChange) -> list[tuple[str, str]]:
    """What the run says of a case, and the baseline where it says something else."""
    if entry.kind not in _WITH_MESSAGE:
        return []
    shown = [("now", entry.message)] if entry.message else []
    if entry.kind is ChangeKind.OTHER_MESSAGE and entry.was:
        shown.append(("before", entry.was))
    return [(when, one_line(text)[:_LONGEST]) for when, text in shown if text]
