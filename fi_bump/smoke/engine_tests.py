"""`--pytest`: run tests of the repository in the target interpreter, and report them as one probe."""

from __future__ import annotations

import os
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence

from fi_bump.errors import UsageError
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
    command = [interpreter.python, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
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
        return ProbeAnswer(_judged(ended, report, limit), ended.seconds, ended.stopped)

    return Job(PYTEST, "anywhere", lambda capability: True, run)


def _judged(ended: process.Ended, report: str, limit: float) -> ProbeResult:
    """Return the result of pytest's report, or a failure if pytest itself did not end properly."""
    if ended.stopped or ended.timed_out or ended.code not in _EXPLAINED:
        return ProbeResult("fail", ended.reason(limit))
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return ProbeResult("fail", f"pytest wrote no report: {ended.reason(limit)}")
    failed = [case for case in cases if any(child.tag in ("failure", "error") for child in case)]
    skipped = [case for case in cases if case not in failed and case.find("skipped") is not None]
    metrics = {
        "tests": len(cases),
        "passed": len(cases) - len(failed) - len(skipped),
        "failed": len(failed),
        "skipped": len(skipped),
    }
    if failed:
        first = f"{failed[0].get('classname')}::{failed[0].get('name')}: {next(_messages(failed), '')}"
        return ProbeResult("fail", f"{len(failed)} of {len(cases)} tests failed, first {printable(first)}", metrics)
    if ended.code == 1:
        return ProbeResult("fail", "pytest exited with 1, and its report names no failure", metrics)
    if not cases:
        return ProbeResult("not-run", "pytest collected no test", metrics)
    if len(skipped) == len(cases):
        reason = printable(next(_messages(skipped), ""))
        return ProbeResult("not-run", f"all {len(cases)} tests were skipped: {reason}", metrics)
    return ProbeResult("pass", None, metrics)


def _messages(cases: list[ElementTree.Element]) -> Iterator[str]:
    """Yield the messages of the cases' failures, errors and skips."""
    for case in cases:
        for child in case:
            if child.tag in ("failure", "error", "skipped"):
                yield child.get("message") or child.tag
