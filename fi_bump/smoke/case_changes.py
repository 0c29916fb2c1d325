"""The test cases of `--pytest`: what changed against the baseline, by the rules of `compare`, and what was skipped."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from fi_bump.compare.cases import CaseResult
from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.model import CaseChange
from fi_bump.compare.runs import SuiteRun
from fi_bump.compare.times import Limits
from fi_bump.untrusted import one_line

Cases = Mapping[str, CaseResult]


def case_changes(before: Cases, after: Cases) -> tuple[CaseChange, ...]:
    """Return every case that is not as in the baseline.

    A case that the infrastructure kept from being judged blocks: it was required, and nothing is known about it.
    """
    baseline, run = ([SuiteRun(name, (name,), dict(cases))] for name, cases in (("baseline", before), ("run", after)))
    return compare(baseline, run, Limits(), known().meaning, strict=True).entries


def worse(changes: Iterable[CaseChange], cases: int) -> str | None:
    """Return how many tests are worse than in the baseline, beside how many there are, and the first; None if none."""
    blocking = [change for change in changes if change.blocks]
    if not blocking:
        return None
    first = blocking[0]
    message = f": {one_line(first.message)}" if first.message and first.message not in first.detail else ""
    number = "1 test is" if len(blocking) == 1 else f"{len(blocking)} tests are"
    name = f"{one_line(first.case)} {one_line(first.detail)}{message}"
    return f"{number} worse than in the baseline, of {cases} in this run; first {name}"


def skipped(tests: Sequence[str], cases: Cases) -> list[str]:
    """Return a message for each named test of which every case was skipped.

    A test is named as pytest takes it: a folder, a file, or `tests/test_a.py::TestB::test_c[1]`, relative to the
    folder that pytest has as its root.
    """
    found = []
    for test in dict.fromkeys(tests):
        chosen = [case for key, case in cases.items() if _is_of(key, test)]
        if chosen and all(case.outcome == "skip" for case in chosen):
            found.append(f"{test} is required but was skipped: {one_line(chosen[0].message)}")
    return found


def _is_of(key: str, test: str) -> bool:
    """Return whether a case belongs to a named test: a case is `tests.test_a.TestB::test_c[1]` in JUnit XML."""
    path, *names = test.split("::")
    owner = os.path.normpath(path).removesuffix(".py").replace(os.sep, ".")
    if key == owner:
        return True  # a file that could not be collected
    inside = "::".join([".".join([owner, *names[:-1]]), *names[-1:]])
    all_of_it = ".".join([owner, *names])
    return key == inside or key.startswith((f"{inside}[", f"{all_of_it}::", f"{all_of_it}."))
