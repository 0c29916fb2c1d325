"""Judge one release in its environment: by a probe, by tests of the repository, or by a command."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fi_bump.bisection.model import Expected, Judgement, Question
from fi_bump.errors import FiBumpError, UsageError
from fi_bump.smoke import process
from fi_bump.smoke.engine_tests import pytest_job
from fi_bump.smoke.interpreter import Interpreter, ProbeAnswer
from fi_bump.smoke.model import ProbeReport, Target
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.progress import Progress
from fi_bump.smoke.registry import PROBES
from fi_bump.smoke.runner import Job, choose_devices, probe_job, run_jobs

_SECONDS = 3600.0
# The exit codes of a command with a meaning of their own: that of git bisect run, and those of a shell.
_CANNOT_SAY = 125
_NOT_STARTED = (126, 127)


class Trial(NamedTuple):
    """What one release is judged with: the question, the repository's folder, devices and time limit as asked for."""

    question: Question
    root: str
    devices: str | None
    seconds: float | None


def judge(
    trial: Trial, interpreter: Interpreter, request: ProbeRequest, target: Target, progress: Progress
) -> tuple[Judgement, str | None]:
    """Run what the question names, and return what the release is, with a reason unless it is good.

    Raises FiBumpError if this machine can judge no release at all.
    """
    question = trial.question
    devices = choose_devices(target, trial.devices)
    if question.probe is not None:
        probe = PROBES[question.probe]
        if not probe.compiles and not any(probe.runs_on(each) for each in [None, *(d.capability for d in devices)]):
            message = f"{probe.name} runs only {probe.where}, and this machine has no device of that kind"
            raise FiBumpError(message, hint="run the bisection on a machine with that device")
        job = probe_job(probe, interpreter, request, devices, trial.seconds)
    elif question.tests:
        if "pytest" not in target.packages:
            message = "the environment has no pytest, which --pytest needs"
            raise UsageError(message, hint="add --with pytest")
        job = pytest_job(question.tests, trial.root, interpreter, trial.seconds)
    else:
        job = _command(trial, interpreter)
    (report,) = run_jobs(
        [job._replace(name=f"{question.package} {_version(question, request, target)} {job.name}")], devices, progress
    )
    return judged(report, question.expected)


def _version(question: Question, request: ProbeRequest, target: Target) -> str:
    return target.packages.get(question.package, request.version)


def judged(report: ProbeReport, expected: Expected | None = None) -> tuple[Judgement, str | None]:
    """Return what a release is after a probe, tests or a command have run.

    It is skipped if nothing ran, or if all tests that failed did so for a reason of the machine or the network.
    """
    failed = [case for case in report.cases.values() if case.outcome == "fail"]
    if report.outcome == "not-run" or (failed and all(case.infrastructure for case in failed)):
        return "skip", report.reason
    if report.outcome == "fail":
        return "bad", report.reason
    if expected is not None:
        return _as_expected(report.metrics, expected)
    return "good", None


def _as_expected(metrics: Mapping[str, Any], expected: Expected) -> tuple[Judgement, str | None]:
    value: Any = metrics
    for step in expected.metric.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return "skip", f"the probe reports no metric '{expected.metric}'"
        value = value[step]
    if str(value) == expected.value:
        return "good", None
    return "bad", f"{expected.metric} is {value}, not {expected.value}"


def _command(trial: Trial, interpreter: Interpreter) -> Job:
    """Return the job that runs the command in a shell in the repository's folder, with the environment's Python first.

    Exit code 0 is good, 125 skips the release, and any other one is bad; so is a crash, or the time limit.
    """
    limit = _SECONDS if trial.seconds is None else trial.seconds
    command = trial.question.command or ""

    def run(device: str | None, watch: Callable[[str], None], stop: threading.Event) -> ProbeAnswer:
        ended = process.run(
            ["/bin/sh", "-c", command],
            log=interpreter.log("command"),
            seconds=limit,
            environment=interpreter.environment(device),
            folder=trial.root,
            watch=watch,
            stop=stop,
        )
        if ended.code in _NOT_STARTED and not ended.stopped:
            hint = "give --run a command that a shell can start in the repository's folder"
            raise UsageError(f"the command cannot be started: {ended.reason(limit)}", hint=hint)
        if ended.clean:
            return ProbeAnswer(ProbeResult("pass"), ended.seconds)
        outcome = "not-run" if ended.code == _CANNOT_SAY else "fail"
        return ProbeAnswer(ProbeResult(outcome, ended.reason(limit)), ended.seconds, ended.stopped)

    return Job("command", "anywhere", lambda capability: True, run)
