"""`--pytest`: run tests of the repository in the target interpreter, and report them as one probe."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

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
    command = [interpreter.python, "-m", "pytest", *options, *tests]
    limit = _SECONDS if seconds is None else seconds

    def run(device: str | None, watch: Callable[[str], None], stop: threading.Event) -> ProbeAnswer:
        ended = process.run(
            command,
            log=interpreter.log(PYTEST),
            seconds=limit,
            environment=interpreter.environment(device),
            folder=root,
            watch=watch,
            stop=stop,
        )
        result, cases = _judged(ended, report, limit)
        return ProbeAnswer(result, ended.seconds, ended.stopped, cases)

    return Job(PYTEST, "anywhere", lambda capability: True, run)


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
