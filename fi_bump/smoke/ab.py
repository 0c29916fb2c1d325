"""`--ab`: two releases on one machine, their runs interleaved and repeated, and what differs between them.

Times are compared as ratios of the two runs of one round, because a machine that becomes slower slows both. Their
interval is that of Student's t over the logarithms of the ratios (95 %), which is exact for log-normal noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.model import CaseChange
from fi_bump.compare.runs import SuiteRun
from fi_bump.compare.times import Limits
from fi_bump.smoke.ab_model import AbProbe, AbText, AbValue, Estimate
from fi_bump.smoke.baseline import COMPILING, numbers
from fi_bump.smoke.model import ProbeReport
from fi_bump.versions import same_version

# Student's t for a two-sided probability of 0.05, by degrees of freedom from 1 on; beyond the last it hardly changes.
_FEW = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120)
_MORE = (2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)
_T = (*_FEW, *_MORE)
# Fewer rounds give no interval: with two it is too wide to say anything.
LEAST_ROUNDS = 3
_WORST = ("fail", "not-run", "compiled", "pass")


def worst(rounds: Sequence[ProbeReport]) -> ProbeReport:
    """Return one report for a probe's rounds: its worst outcome, with how many rounds had it, and the last metrics."""
    ranked = min(rounds, key=lambda each: _WORST.index(each.outcome))
    number = sum(each.outcome == ranked.outcome for each in rounds)
    reason = ranked.reason
    if number < len(rounds):
        reason = f"in {number} of {len(rounds)} rounds: {reason}"
    seconds = round(sum(each.seconds for each in rounds) / len(rounds), 3)
    metrics = ranked.metrics if ranked.outcome == "fail" else rounds[-1].metrics
    return ranked._replace(reason=reason, seconds=seconds, metrics=metrics)


def ab_probe(
    locked: Sequence[ProbeReport], other: Sequence[ProbeReport], releases: tuple[str, str] | None = None
) -> AbProbe:
    """Compare the rounds of one probe; both sequences have the same rounds in the same order.

    That each side has the version of its own of the two `releases` is no difference worth a line.
    """
    return AbProbe(
        name=locked[0].name,
        locked=tuple(each.outcome for each in locked),
        other=tuple(each.outcome for each in other),
        locked_reason=_reason(locked),
        other_reason=_reason(other),
        values=tuple(_values(locked, other)),
        texts=tuple(each for each in _texts(locked, other) if releases is None or not _is_own(each, releases)),
    )


def _reason(rounds: Sequence[ProbeReport]) -> str | None:
    return next((each.reason for each in reversed(rounds) if each.reason is not None), None)


def _values(locked: Sequence[ProbeReport], other: Sequence[ProbeReport]) -> Iterator[AbValue]:
    sides = [[dict(numbers({"seconds": each.seconds, **each.metrics})) for each in side] for side in (locked, other)]
    common = [name for name in sides[0][0] if all(name in each for side in sides for each in side)]
    if any(name in common for name in COMPILING if name != "seconds"):
        # The time of compiling is part of it, in the first round only.
        common = [name for name in common if name != "seconds"]
    for name in common:
        ours, theirs = (tuple(each[name] for each in side) for side in sides)
        if name in COMPILING and name != "seconds":
            # Only the first round compiles; the later ones load the module that it left.
            yield AbValue(name, "compile", ours[:1], theirs[:1], estimated(ours[:1], theirs[:1]))
        elif name.endswith(("seconds", "_us")):
            yield AbValue(name, "time", ours, theirs, estimated(ours, theirs))
        else:
            yield AbValue(name, "error", ours, theirs)


def estimated(locked: Sequence[float], other: Sequence[float]) -> Estimate | None:
    """Return the ratio over paired rounds with its interval; None if a value is not positive."""
    if min(*locked, *other) <= 0:
        return None
    logs = [math.log(ours / theirs) for ours, theirs in zip(locked, other, strict=True)]
    mean = math.fsum(logs) / len(logs)
    if len(logs) < LEAST_ROUNDS:
        return Estimate(round(math.exp(mean), 4))
    variance = math.fsum((each - mean) ** 2 for each in logs) / (len(logs) - 1)
    half = _T[min(len(logs) - 2, len(_T) - 1)] * math.sqrt(variance / len(logs))
    ends = (round(math.exp(mean + sign * half), 4) for sign in (-1, 1))
    return Estimate(round(math.exp(mean), 4), *ends)


def _texts(locked: Sequence[ProbeReport], other: Sequence[ProbeReport]) -> Iterator[AbText]:
    sides = [[dict(_words(each.metrics)) for each in side] for side in (locked, other)]
    for name in dict.fromkeys(name for side in sides for each in side for name in each):
        ours, theirs = ({each.get(name, "-") for each in side} for side in sides)
        if ours.isdisjoint(theirs):
            yield AbText(name, ", ".join(sorted(ours)), ", ".join(sorted(theirs)))


def _is_own(text: AbText, releases: tuple[str, str]) -> bool:
    """Whether a text is the version of each side's release, with a local label (+cu130) or without."""
    values = (text.locked, text.other)
    return all(same_version(each.partition("+")[0], own) for each, own in zip(values, releases, strict=True))


def _words(metrics: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in metrics.items():
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _words(value, name)
        elif isinstance(value, (str, bool)):
            yield name, str(value)


def case_differences(locked: Sequence[ProbeReport], other: Sequence[ProbeReport]) -> tuple[CaseChange, ...]:
    """Return every test case that differs, by the rules of `compare`, with the rounds of the other release before."""
    before, after = (
        [SuiteRun(f"round {number}", (f"round {number}",), dict(each.cases)) for number, each in enumerate(side, 1)]
        for side in (other, locked)
    )
    if not any(run.cases for run in before) or not any(run.cases for run in after):
        return ()
    return compare(before, after, Limits(), known().meaning, strict=True).entries
