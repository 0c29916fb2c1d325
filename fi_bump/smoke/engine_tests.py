"""`--pytest`: run tests of the repository in the target interpreter, and report them as one probe."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from fi_bump.boundary.reading import read_regular
from fi_bump.compare import junit
from fi_bump.compare.cases import CaseResult, merged
from fi_bump.compare.infrastructure import known
from fi_bump.errors import FileError, UsageError
from fi_bump.smoke import process
from fi_bump.smoke.interpreter import Interpreter, ProbeAnswer
from fi_bump.smoke.probes.protocol import ProbeResult
from fi_bump.smoke.registry import PYTEST
from fi_bump.smoke.runner import Job
from fi_bump.untrusted import printable

_SECONDS = 3600.0
_COUNTS_BYTES = 4096
_MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytest_main.py")
# The exit codes with which pytest writes a report: all passed, some failed, none collected.
_EXPLAINED = (0, 1, 5)


def pytest_job(tests: Sequence[str], root: str, interpreter: Interpreter, seconds: float | None) -> Job:
    """Return the job that runs tests. Their paths are relative to `root`. Raises UsageError for a missing path."""
    for test in tests:
        path = test.partition("::")[0]
        if not os.path.exists(os.path.join(root, path)):
            hint = "give --pytest a PATH or PATH::TEST relative to the folder of -C"
            raise UsageError("this path does not exist", place=path, hint=hint)
    report = os.path.join(interpreter.folder, "pytest.xml")
    # With the repository as pytest's root a case has the same name wherever the tests lie.
    options = ["-p", "no:cacheprovider", f"--rootdir={os.path.abspath(root)}", f"--junitxml={report}"]
    counts = os.path.join(interpreter.folder, "pytest.counts.json")
    command = [interpreter.python, _MAIN, counts, *options, *tests]
    limit = _SECONDS if seconds is None else seconds

    def run(device: str | None, watch: Callable[[str], None], stop: threading.Event) -> ProbeAnswer:
        ended = process.run(
            command,
            log=interpreter.log(PYTEST),
            seconds=limit,
            environment=_without_options(interpreter.environment(device)),
            folder=root,
            watch=watch,
            stop=stop,
        )
        result, cases = _judged(ended, report, limit)
        result = _counted(result, counts)
        return ProbeAnswer(result, ended.seconds, ended.stopped, cases)

    return Job(PYTEST, "anywhere", lambda capability: True, run)


def _without_options(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables without options for pytest that the job has: they could deselect a test."""
    return {name: value for name, value in variables.items() if name != "PYTEST_ADDOPTS"}


def _counted(result: ProbeResult, path: str) -> ProbeResult:
    """Return a failure if some of the collected tests did not run; say so if most of them were skipped."""
    if result.outcome == "fail":
        return result
    try:
        counts = json.loads(read_regular(path, _COUNTS_BYTES))
        collected, ran, deselected = (int(counts[name]) for name in ("collected", "ran", "deselected"))
    except (OSError, ValueError, KeyError, TypeError):
        return replace(result, outcome="fail", reason="pytest did not count its tests, so it is not known which ran")
    metrics = {**result.metrics, **({"deselected": deselected} if deselected else {})}
    if ran < collected:
        reason = f"{collected - ran} of {collected} collected tests did not run: pytest was ended before them"
        return replace(result, outcome="fail", reason=reason, metrics=metrics)
    if result.outcome == "pass" and metrics["skipped"] > metrics["passed"]:
        reason = f"only {metrics['passed']} of {metrics['tests']} tests ran, the others were skipped"
        return replace(result, reason=reason, metrics=metrics)
    return replace(result, metrics=metrics)


def _judged(ended: process.Ended, report: str, limit: float) -> tuple[ProbeResult, dict[str, CaseResult]]:
    """Return the result of pytest's report with every test case, or a failure if pytest itself did not end properly."""
    if ended.stopped or ended.timed_out or ended.code not in _EXPLAINED:
        return ProbeResult("fail", ended.reason(limit)), {}
    cases: dict[str, CaseResult] = {}

    def take(key: str, case: CaseResult) -> None:
        # pytest writes a failed test and its failed teardown as two cases of one name.
        cases[key] = merged(cases[key], case, retried=False) if key in cases else case

    try:
        reading = junit.read(report, take, known().cause)
    except FileError:
        reading = None
    if reading is None or reading.damage is not None:
        return ProbeResult("fail", f"pytest wrote no report: {ended.reason(limit)}"), {}
    return _verdict(ended, cases), cases


def _verdict(ended: process.Ended, cases: dict[str, CaseResult]) -> ProbeResult:
    """Return the result over all test cases."""
    failed = {key: case for key, case in cases.items() if case.outcome == "fail"}
    skipped = [case for case in cases.values() if case.outcome == "skip"]
    metrics = {
        "tests": len(cases),
        "passed": len(cases) - len(failed) - len(skipped),
        "failed": len(failed),
        "skipped": len(skipped),
    }
    if failed:
        key, case = next(iter(failed.items()))
        first = printable(f"{key}: {case.message}")
        return ProbeResult("fail", f"{len(failed)} of {len(cases)} tests failed, first {first}", metrics)
    if ended.code == 1:
        return ProbeResult("fail", "pytest exited with 1, and its report names no failure", metrics)
    if not cases:
        return ProbeResult("not-run", "pytest collected no test", metrics)
    if len(skipped) == len(cases):
        reason = printable(skipped[0].message)
        return ProbeResult("not-run", f"all {len(cases)} tests were skipped: {reason}", metrics)
    return ProbeResult("pass", None, metrics)
