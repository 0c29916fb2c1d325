"""Read a JSON report of `smoke` back into a `SmokeReport`."""

from __future__ import annotations

from typing import Any

from fi_bump.compare.report_file import change_of
from fi_bump.errors import FiBumpError
from fi_bump.smoke import baseline
from fi_bump.smoke.model import BaselineComparison, Device, MetricChange, Problem, SmokeReport, Target, problem_of_tests

_HINT = "give --smoke a report that fi-bump smoke --format json wrote"


def load(path: str) -> SmokeReport:
    """Read the report in a file, without the report of a second release that it may contain.

    Raises FiBumpError for a file that is not a smoke report, has another schema, or is the report of a sweep.
    """
    document = baseline.read(path, "smoke")
    try:
        report = _report(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FiBumpError("this file is not a smoke report", place=path, hint=_HINT) from None
    if document.get("sweep") is not None:
        raise FiBumpError("this report is about a sweep, not about the probes", place=path, hint=_HINT)
    return report


def beside(report: SmokeReport, earlier: baseline.Baseline, tolerance: float) -> SmokeReport:
    """Return the report compared with a baseline, without problems for failures that the baseline has too."""
    comparison = baseline.compare(earlier, report.probes, tolerance)
    worse = {probe.name: problem_of_tests(probe, comparison) for probe in report.probes}
    explained = {*comparison.standing_failures, *(name for name, problem in worse.items() if problem is not None)}
    answered = {Problem(probe.name, probe.failure) for probe in report.probes if probe.name in explained}
    left = [problem for problem in report.problems if problem not in answered]
    left += [problem for problem in worse.values() if problem is not None]
    return report._replace(ok=not left, problems=tuple(left), comparison=comparison)


def _report(document: dict[str, Any]) -> SmokeReport:
    compared = document["comparison"]
    return SmokeReport(
        ok=document["ok"] is True,
        group=str(document["group"]),
        version=str(document["version"]),
        target=_target(document["target"]),
        required=tuple(document["required"]),
        problems=tuple(Problem(each["probe"], each["message"]) for each in document["problems"]),
        probes=tuple(map(baseline.probe_of, document["probes"])),
        comparison=None if compared is None else _comparison(compared),
    )


def _target(document: dict[str, Any]) -> Target:
    devices = tuple(_device(each) for each in document["devices"])
    names = ("python", "torch", "cuda", "driver")
    python, *others = (document[name] if document[name] is None else str(document[name]) for name in names)
    return Target(
        python=str(python),
        torch=others[0],
        cuda=others[1],
        driver=others[2],
        devices=devices,
        packages=dict(document["packages"]),
        requires={},
        markers={},
    )


def _device(document: dict[str, Any]) -> Device:
    major, minor = map(int, document["capability"].split("."))
    return Device(int(document["index"]), str(document["name"]), (major, minor), document["uuid"])


def _comparison(document: dict[str, Any]) -> BaselineComparison:
    changes = [
        MetricChange(each["probe"], each["metric"], float(each["before"]), float(each["after"]))
        for each in document["changes"]
    ]
    names = ("new_failures", "standing_failures", "fixed")
    new, standing, fixed = (tuple(map(str, document[name])) for name in names)
    return BaselineComparison(
        version=str(document["version"]),
        new_failures=new,
        standing_failures=standing,
        fixed=fixed,
        changes=tuple(changes),
        cases=tuple(map(change_of, document.get("cases", []))),
    )
