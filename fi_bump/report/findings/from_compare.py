"""What `compare` found, as a report: for the formats that have results at places."""

from __future__ import annotations

import os
from collections.abc import Iterator

from fi_bump.compare.model import CaseChange, ChangeKind, RunComparison
from fi_bump.findings.rules import Rule, rules_of
from fi_bump.pins import Place
from fi_bump.report.compare_text import compared, counted, detail, messages, verdict, whole
from fi_bump.report.finding_lines import count
from fi_bump.report.findings.model import Passed, Report, Result

_RULES = {
    ChangeKind.NEW_FAILURE: Rule.NEW_FAILURE,
    ChangeKind.OTHER_MESSAGE: Rule.OTHER_MESSAGE,
    ChangeKind.VANISHED: Rule.VANISHED,
    ChangeKind.SLOWER: Rule.SLOWER,
    ChangeKind.INFRASTRUCTURE: Rule.INFRASTRUCTURE,
    ChangeKind.FLAKY: Rule.FLAKY,
    ChangeKind.KNOWN_FAILURE: Rule.KNOWN_FAILURE,
}


def compare_report(comparison: RunComparison, root: str) -> Report:
    """A result for each case that fails, was not run or takes longer; what is better or new has passed."""
    results = [_result(entry, root) for entry in comparison.entries if _is_told(entry)]
    results += [_general(message) for message in comparison.problems]
    if comparison.whole.blocks:
        results.append(_general(whole(comparison.whole)))
    if unjudged := sum(entry.blocks for entry in comparison.of(ChangeKind.INFRASTRUCTURE)):
        results.append(_general(f"{count(unjudged, 'case')} could not be judged"))
    passed = tuple(Passed(_path(entry, root), entry.case) for entry in comparison.entries if not _is_told(entry))
    summary = tuple(_summary(comparison))
    return Report(
        command="compare",
        ok=comparison.ok,
        results=tuple(results),
        passed=passed,
        summary=summary,
        help=(),
        rules=rules_of("compare"),
    )


def _is_told(entry: CaseChange) -> bool:
    """Whether there is something to do or to know: a flaky case that passed is as before.

    So is a case that vanished and was in few baseline runs only.
    """
    if entry.kind is ChangeKind.FLAKY:
        return entry.run.failed > 0
    return entry.kind in _RULES and (entry.blocks or entry.kind is not ChangeKind.VANISHED)


def _result(entry: CaseChange, root: str) -> Result:
    rule = Rule.MAYBE_SLOWER if entry.kind is ChangeKind.SLOWER and not entry.blocks else _RULES[entry.kind]
    said = [f"{when}: {text}" for when, text in messages(entry)]
    message = "\n".join([f"{entry.case}: {detail(entry)}", *said])
    return Result(rule, Place(_path(entry, root), entry.line or 1), entry.case, message)


def _general(message: str) -> Result:
    return Result(Rule.TEST_RUNS, Place("."), message, message)


def _path(entry: CaseChange, root: str) -> str:
    """Return the file of a case: the one that its runner names, or the existing file with the name of its class.

    pytest calls the class of `tests/kernels/test_moe.py` `tests.kernels.test_moe`, with the name of a class behind it.
    """
    if entry.file is not None:
        return entry.file.replace(os.sep, "/")
    parts = entry.owner.rpartition(" ")[2].split(".")
    for end in range(len(parts), 0, -1):
        path = f"{'/'.join(parts[:end])}.py"
        if os.path.isfile(os.path.join(root, path)):
            return path
    return "/".join(parts)


def _summary(comparison: RunComparison) -> Iterator[str]:
    yield compared(comparison)
    yield counted(comparison)
    yield from comparison.claims
    yield verdict(comparison)
