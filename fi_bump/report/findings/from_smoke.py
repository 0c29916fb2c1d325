"""What `smoke` found, as a report: for the formats that have results at places. The numbers are in its own formats."""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.errors import ParseError
from fi_bump.findings.rules import Rule, rules_of
from fi_bump.formats.shared.json_strings import scalars
from fi_bump.lock.records import LOCK_NAME
from fi_bump.pins import Place, Source
from fi_bump.report.ab_lines import ab_lines
from fi_bump.report.findings.model import Passed, Report, Result
from fi_bump.report.smoke_text import comparison_lines, part_line, sweep_lines, target_line, verdict
from fi_bump.smoke.model import Problem, SmokeReport


def smoke_report(report: SmokeReport, lock: Source | None = None) -> Report:
    """Every reason to be red, then the failures that do not block, all at the line of the lock with the version."""
    place = _place(report, lock)
    results = [_problem(report, problem, place) for problem in report.problems]
    blocking = {problem.probe for problem in report.problems}
    for probe in report.probes:
        if probe.outcome == "fail" and probe.name not in blocking:
            message = f"{probe.name} fails, as in the baseline: {probe.reason}"
            results.append(Result(Rule.STANDING_FAILURE, place, probe.name, message))
    passed = tuple(Passed(LOCK_NAME, probe.name) for probe in report.probes if probe.outcome in ("pass", "compiled"))
    return Report(
        command="smoke",
        ok=report.ok,
        results=tuple(results),
        passed=passed,
        summary=tuple(_summary(report)),
        help=(),
        rules=rules_of("smoke"),
    )


def _problem(report: SmokeReport, problem: Problem, place: Place) -> Result:
    if problem.probe is None:
        place, message = _of_sweep(report, problem.message) or (place, problem.message)
        return Result(Rule.SMOKE_VERDICT, place, "verdict", message)
    failed = any(probe.name == problem.probe and probe.outcome == "fail" for probe in report.probes)
    rule = Rule.PROBE_FAILED if failed else Rule.PROBE_NOT_RUN
    return Result(rule, place, problem.probe, problem.message)


def _of_sweep(report: SmokeReport, message: str) -> tuple[Place, str] | None:
    """The pin of the repository that a message begins with, and the rest of the message."""
    for pin in report.sweep.pins if report.sweep else ():
        if message.startswith(f"{pin.place}: "):
            path, line, column = pin.place.rsplit(":", 2)
            place = Place(path, int(line), int(column), int(column) + len(pin.version))
            return place, message.removeprefix(f"{pin.place}: ")
    return None


def _summary(report: SmokeReport) -> Iterator[str]:
    yield target_line(report.target)
    if report.part is not None:
        yield part_line(report.part)
    if report.sweep is not None and report.part is None:
        yield from sweep_lines(report.sweep)
    if report.comparison is not None:
        yield from comparison_lines(report.comparison)
    if report.ab is not None:
        yield from ab_lines(report.ab, report.version)
    yield verdict(report)


def _place(report: SmokeReport, lock: Source | None) -> Place:
    """Where the lock says the group's version; its first line where that cannot be told."""
    if lock is None:
        return Place(LOCK_NAME)
    try:
        found = next((each for each in scalars(lock) if each.path == ("groups", report.group, "version")), None)
    except ParseError:
        found = None
    if found is None:
        return Place(LOCK_NAME)
    text = lock.line(found.span.start).decode("utf-8", "replace").removeprefix("\ufeff")
    return lock.place(found.span)._replace(text=text)
