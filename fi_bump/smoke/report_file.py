"""Read a JSON report of `smoke` back into a `SmokeReport`."""

from __future__ import annotations

from typing import Any, get_args

from fi_bump.compare.report_file import change_of
from fi_bump.errors import FiBumpError
from fi_bump.smoke import baseline
from fi_bump.smoke.ab_model import AbComparison, AbProbe, AbText, AbValue, Estimate, Kind
from fi_bump.smoke.model import (
    BaselineComparison,
    Device,
    MetricChange,
    Problem,
    RepositoryPin,
    SmokeReport,
    Sweep,
    SweptRelease,
    Target,
)
from fi_bump.smoke.shard import Part
from fi_bump.smoke.verdict import problem_of_tests

_HINT = "give --smoke a report that fi-bump smoke --format json wrote"


def load(path: str) -> SmokeReport:
    """Read the report in a file, without the report of a second release that it may contain.

    Raises FiBumpError for a file that is not a smoke report, has another schema, or is the report of a sweep.
    """
    document = baseline.read(path, "smoke")
    report = parsed(path, document, _HINT)
    if report.part is not None:
        hint = "join the parts with fi-bump smoke --merge DIR --output smoke.json"
        raise FiBumpError(f"this report is part {report.part.shard} of a run", place=path, hint=hint)
    if report.sweep is not None:
        raise FiBumpError("this report is about a sweep, not about the probes", place=path, hint=_HINT)
    return report


def parsed(path: str, document: Any, hint: str) -> SmokeReport:
    """Return the report in a document. Raises FiBumpError with the hint for any other document."""
    baseline.refuse_other(document, path, hint)
    try:
        return _report(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FiBumpError("this file is not a smoke report", place=path, hint=hint) from None


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
        # Reports of earlier versions of fi-bump have no A/B comparison and no parts.
        sweep=None if document.get("sweep") is None else _sweep(document["sweep"]),
        ab=None if document.get("ab") is None else _ab(document["ab"]),
        part=None if document.get("part") is None else _part(document["part"]),
    )


def _part(document: dict[str, Any]) -> Part:
    return Part(int(document["number"]), int(document["of"]), tuple(map(str, document["plan"])))


def _sweep(document: dict[str, Any]) -> Sweep:
    return Sweep(
        package=str(document["package"]),
        admitted=str(document["admitted"]),
        releases=tuple(
            SweptRelease(str(each["version"]), str(each["outcome"]), each["reason"]) for each in document["releases"]
        ),
        range=document["range"],
        pins=tuple(RepositoryPin(each["place"], each["version"], each["inside"]) for each in document["pins"]),
    )


def _ab(document: dict[str, Any]) -> AbComparison:
    return AbComparison(
        version=str(document["version"]),
        rounds=int(document["rounds"]),
        cards=tuple(map(str, document["cards"])),
        held=tuple(map(str, document["held"])),
        packages=tuple((each["package"], each["locked"], each["other"]) for each in document["packages"]),
        probes=tuple(map(_ab_probe, document["probes"])),
        cases=tuple(map(change_of, document["cases"])),
    )


def _ab_probe(document: dict[str, Any]) -> AbProbe:
    values = tuple(
        AbValue(
            metric=str(each["metric"]),
            kind=next(kind for kind in get_args(Kind) if kind == each["kind"]),
            locked=tuple(map(float, each["locked"])),
            other=tuple(map(float, each["other"])),
            estimate=None if each["estimate"] is None else Estimate(**each["estimate"]),
        )
        for each in document["values"]
    )
    return AbProbe(
        name=str(document["name"]),
        locked=tuple(map(str, document["locked"])),
        other=tuple(map(str, document["other"])),
        locked_reason=document["locked_reason"],
        other_reason=document["other_reason"],
        values=values,
        texts=tuple(AbText(each["metric"], each["locked"], each["other"]) for each in document["texts"]),
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
        # Reports of earlier versions of fi-bump have none.
        new_notes=tuple(map(str, document.get("new_notes", []))),
    )
