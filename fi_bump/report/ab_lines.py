"""Write an A/B comparison of two releases as lines and as rows, the differences that matter first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fi_bump.compare.model import ChangeKind
from fi_bump.report.compare_lines import lines
from fi_bump.report.compare_text import TITLES
from fi_bump.report.finding_lines import count
from fi_bump.smoke.ab_model import AbComparison, AbProbe, AbValue
from fi_bump.untrusted import printable

# What differs: the probe or test, what of it, the locked release's value, the other's, and how sure that is.
Row = tuple[str, str, str, str, str]
# How many test cases of a kind are shown; JSON has all of them.
_MOST = 20
_TIME = {"time": "time", "compile": "compile time", "error": "error"}


def ab_lines(ab: AbComparison, version: str, *, differences: bool = True) -> Iterator[str]:
    """Yield what was compared, then each difference, then how much does not differ. `version` is the locked release.

    Without `differences` a table shows them.
    """
    yield (
        f"{version} (locked) beside {ab.version}, in turn, {count(ab.rounds, 'round')}"
        + (f", on {' and '.join(ab.cards)}" if ab.cards else ", without a GPU")
    )
    if ab.held:
        yield f"the same beside both: {', '.join(ab.held)}"
    if ab.packages:
        listed = ", ".join(f"{name} {ours} and {theirs}" for name, ours, theirs in ab.packages)
        yield f"other packages differ, and may be the cause: {listed}"
    rows = ab_rows(ab, version)
    yield from (
        f"{probe} {what}: {ours} beside {theirs}{f', {how}' if how else ''}" for probe, what, ours, theirs, how in rows
    )
    if not rows:
        yield "no difference was found"
    alike = sum(not value.differs for probe in ab.probes for value in probe.values if value.kind != "compile")
    yield f"{count(alike, 'other number')} that do not differ by more than the rounds do"
    if ab.rounds < 3:
        yield "times have no interval: three rounds (--repeat 3) would give one"


def _row_line(row: Row) -> str:
    probe, what, ours, theirs, how = row
    beside = "" if theirs == "-" else f" beside {theirs}"
    return f"{probe} {what}: {ours}{beside}{f', {how}' if how else ''}"


def ab_rows(ab: AbComparison, version: str) -> list[Row]:
    """Return rows of probe, what differs, the locked release's value, the other's, and how sure that is.

    First outcomes, then test cases, errors, layouts and other words, times from the largest change on, compile times.
    """
    rows = [
        (probe.name, "outcome", _outcomes(probe.locked), _outcomes(probe.other), _why(probe))
        for probe in ab.probes
        if probe.outcomes_differ
    ]
    for kind in ChangeKind:
        for line in lines(change for change in ab.cases if change.kind is kind)[:_MOST]:
            said = "".join(f"; {when}: {text}" for when, text in line.messages)
            rows.append((printable(line.name), f"test {TITLES[kind]}", f"{printable(line.detail)}{said}", "-", ""))
    rows += _of_kind(ab.probes, "error")
    rows += [
        (probe.name, printable(each.metric), printable(each.locked, 60), printable(each.other, 60), "in every round")
        for probe in ab.probes
        for each in probe.texts
    ]
    return [*rows, *_of_kind(ab.probes, "time"), *_of_kind(ab.probes, "compile")]


def _of_kind(probes: Sequence[AbProbe], kind: str) -> list[Row]:
    found = [(probe, value) for probe in probes for value in probe.values if value.kind == kind]
    shown = [(probe, value) for probe, value in found if value.differs or kind == "compile"]
    shown.sort(key=lambda each: -_distance(each[1]))
    return [
        (
            probe.name,
            f"{_TIME[kind]} {printable(value.metric)}",
            _number(value.locked),
            _number(value.other),
            _how(value),
        )
        for probe, value in shown
    ]


def _distance(value: AbValue) -> float:
    """Return how far the releases are apart, as a ratio of at least 1."""
    ours, theirs = _middle(value.locked), _middle(value.other)
    low, high = sorted((abs(ours), abs(theirs)))
    return high / low if low else float("inf")


def _middle(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _number(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    spread = f" ({low:.4g} to {high:.4g})" if low != high else ""
    return f"{_middle(values):.4g}{spread}"


def _how(value: AbValue) -> str:
    if value.estimate is None:
        return "every round apart" if value.kind == "error" else ""
    said = f"{value.estimate.ratio:.3g} times"
    if value.estimate.low is not None and value.estimate.high is not None:
        said += f" ({value.estimate.low:.3g} to {value.estimate.high:.3g}, 95 %)"
    return said


def _outcomes(rounds: Sequence[str]) -> str:
    counted = Counter(rounds)
    if len(counted) == 1:
        return rounds[0]
    return ", ".join(f"{outcome} in {number} of {len(rounds)}" for outcome, number in counted.items())


def _why(probe: AbProbe) -> str:
    return printable(probe.locked_reason or probe.other_reason or "")
