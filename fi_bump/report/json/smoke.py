"""Write the document of `smoke --format json`, which schemas/smoke.schema.json describes."""

from __future__ import annotations

from typing import Any

from fi_bump.errors import Exit
from fi_bump.report.json.compare import change_document
from fi_bump.report.json.envelope import enveloped
from fi_bump.smoke.ab_model import AbComparison, AbValue
from fi_bump.smoke.model import BaselineComparison, ProbeReport, SmokeReport, Sweep, Target


def smoke_json(report: SmokeReport) -> str:
    """Return the document. Every key is always present."""
    return enveloped("smoke", Exit.OK if report.ok else Exit.FINDINGS, _report(report))


def _report(report: SmokeReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "group": report.group,
        "version": report.version,
        "target": _target(report.target),
        "required": list(report.required),
        "problems": [problem._asdict() for problem in report.problems],
        "probes": [{**probe._asdict(), "cases": _cases(probe)} for probe in report.probes],
        "comparison": None if report.comparison is None else _comparison(report.comparison),
        "against": None if report.against is None else _report(report.against),
        "sweep": None if report.sweep is None else _sweep(report.sweep),
        "ab": None if report.ab is None else _ab(report.ab),
        "part": None if report.part is None else {**report.part._asdict(), "plan": list(report.part.plan)},
    }


def _ab(ab: AbComparison) -> dict[str, Any]:
    return {
        "version": ab.version,
        "rounds": ab.rounds,
        "cards": list(ab.cards),
        "held": list(ab.held),
        "packages": [{"package": name, "locked": ours, "other": theirs} for name, ours, theirs in ab.packages],
        "probes": [
            {
                **probe._asdict(),
                "values": [_value(each) for each in probe.values],
                "texts": [each._asdict() for each in probe.texts],
            }
            for probe in ab.probes
        ],
        "cases": [change_document(change) for change in ab.cases],
    }


def _value(value: AbValue) -> dict[str, Any]:
    estimate = None if value.estimate is None else value.estimate._asdict()
    return {**value._asdict(), "estimate": estimate, "differs": value.differs}


def _target(target: Target) -> dict[str, Any]:
    return {
        "python": target.python,
        "torch": target.torch,
        "cuda": target.cuda,
        "driver": target.driver,
        "devices": [
            {
                "index": device.number,
                "name": device.name,
                "capability": f"{device.capability[0]}.{device.capability[1]}",
                "uuid": device.uuid,
            }
            for device in target.devices
        ],
        "packages": target.packages,
    }


def _comparison(comparison: BaselineComparison) -> dict[str, Any]:
    return {
        "version": comparison.version,
        "new_failures": list(comparison.new_failures),
        "standing_failures": list(comparison.standing_failures),
        "fixed": list(comparison.fixed),
        "changes": [{**change._asdict(), "share": change.share} for change in comparison.changes],
        "cases": [change_document(change) for change in comparison.cases],
        "new_notes": list(comparison.new_notes),
    }


def _cases(probe: ProbeReport) -> list[dict[str, Any]]:
    return [
        {
            "case": key,
            "outcome": case.outcome,
            "seconds": case.seconds,
            "message": case.message,
            "infrastructure": case.infrastructure,
        }
        for key, case in probe.cases.items()
    ]


def _sweep(sweep: Sweep) -> dict[str, Any]:
    return {
        "package": sweep.package,
        "admitted": sweep.admitted,
        "releases": [{**release._asdict(), "survives": release.survives} for release in sweep.releases],
        "range": sweep.range,
        "pins": [pin._asdict() for pin in sweep.pins],
    }
