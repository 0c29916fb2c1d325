"""A comparison of test runs as plain lines."""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.compare.model import ChangeKind, RunComparison
from fi_bump.report.compare_lines import lines
from fi_bump.report.compare_text import TITLES, compared, counted, verdict
from fi_bump.untrusted import one_line

# How many lines of a kind are shown; JSON has all of them. Kinds that ask for nothing are only sampled.
MOST, SAMPLE = 20, 5
_SAMPLED = {ChangeKind.KNOWN_FAILURE, ChangeKind.FIXED, ChangeKind.FASTER, ChangeKind.NEW_CASE}


def text_lines(comparison: RunComparison) -> list[str]:
    """What was compared, a list for each kind in a reviewer's order, what it can show, and the verdict."""
    return [*_lines(comparison)]


def _lines(comparison: RunComparison) -> Iterator[str]:
    yield compared(comparison)
    for path in comparison.baseline.damaged:
        yield f"note: a baseline file ends early: {one_line(path)}"
    for path in (*comparison.baseline.ignored, *comparison.run.ignored):
        yield f"note: {one_line(path)} is no JUnit XML and was left out"
    for kind in ChangeKind:
        found = lines(comparison.of(kind))
        if not found:
            continue
        yield f"{TITLES[kind]}: {sum(line.cases for line in found)}"
        most = SAMPLE if kind in _SAMPLED else MOST
        for line in found[:most]:
            yield f"  {line.name}"
            yield f"    {line.detail}"
            yield from (f"    {when}: {text}" for when, text in line.messages)
        if rest := sum(line.cases for line in found[most:]):
            yield f"  and {rest} more: --format json has all of them"
    yield "what this can show:"
    yield from (f"  {claim}" for claim in comparison.claims)
    yield from (f"problem: {one_line(problem)}" for problem in comparison.problems)
    yield counted(comparison)
    yield verdict(comparison)
