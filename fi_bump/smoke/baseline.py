"""`--baseline`: compare a run with an earlier JSON report. Only failures that are not in it make the run red."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from fi_bump import user_files
from fi_bump.boundary.documents import SCHEMA, readable, result_of
from fi_bump.compare.cases import CaseResult, Outcome
from fi_bump.compare.messages import signature
from fi_bump.compare.model import CaseChange
from fi_bump.errors import FiBumpError
from fi_bump.smoke.case_changes import case_changes
from fi_bump.smoke.model import BaselineComparison, MetricChange, ProbeReport
from fi_bump.smoke.probes.protocol import ERRORS, OUTCOMES
from fi_bump.smoke.registry import PYTEST
from fi_bump.untrusted import finite

# The metrics that include the time of compiling.
COMPILING = ("compile_seconds", "jit.seconds", "seconds")
_HINT = "a report that fi-bump smoke --format json wrote"


class Baseline(NamedTuple):
    """The part of an earlier report that a run is compared with."""

    version: str
    probes: dict[str, ProbeReport]

    @property
    def failures(self) -> tuple[str, ...]:
        """The probes that failed in the earlier report."""
        return tuple(name for name, probe in self.probes.items() if probe.outcome == "fail")


def load(path: str, group: str) -> Baseline:
    """Read the baseline from a file.

    Raises FiBumpError for a file that is not a smoke report, or that has another schema or group.
    """
    hint = f"give --baseline {_HINT}"
    document = read(path, "baseline")
    try:
        probes = {probe.name: probe for probe in map(probe_of, document["probes"])}
        version, owner = document["version"], document["group"]
    except (KeyError, TypeError, ValueError):
        raise FiBumpError("this file is not a smoke report", place=path, hint=hint) from None
    if owner != group or not isinstance(version, str):
        raise FiBumpError(f"this report is about the group '{owner}', not '{group}'", place=path, hint=hint)
    return Baseline(version, probes)


def read(path: str, name: str) -> dict[str, Any]:
    """Read the JSON document of a report, for the option `--NAME`.

    Raises FiBumpError for a file that is not a smoke report or has another schema.
    """
    hint = f"give --{name} {_HINT}"
    document: dict[str, Any] = json_document(path, hint)
    refuse_other(document, path, hint)
    return document


def json_document(path: str, hint: str) -> Any:
    """Read a JSON document, of fi-bump its result. Raises FiBumpError for a file that is not JSON, with the hint."""
    try:
        text = user_files.read(path).decode("utf-8-sig")
        return result_of(json.loads(text, parse_constant=_no_constant, parse_float=finite))
    except (ValueError, RecursionError):
        raise FiBumpError("this file is not JSON", place=path, hint=hint) from None


def refuse_other(document: Any, path: str, hint: str) -> None:
    """Raise FiBumpError for a document that is not a smoke report or has another schema."""
    if not isinstance(document, dict) or "schema" not in document or "probes" not in document:
        raise FiBumpError("this file is not a smoke report", place=path, hint=hint)
    if not readable(document["schema"]):
        found = json.dumps(document["schema"])
        message = f"this report has schema {found}, not {SCHEMA}"
        raise FiBumpError(message, place=path, hint="make the report again with this version of fi-bump")


def _no_constant(name: str) -> float:
    raise ValueError(name)


def probe_of(document: Any) -> ProbeReport:
    """Return one probe of a report's document. Raises KeyError, TypeError or ValueError for a malformed one."""
    report = ProbeReport(
        name=document["name"],
        outcome=document["outcome"],
        reason=document["reason"],
        seconds=float(document["seconds"]),
        metrics=document["metrics"],
        # Reports of earlier versions of fi-bump have none.
        cases={each["case"]: _case_of(each) for each in document.get("cases", [])},
    )
    if not isinstance(report.name, str) or report.outcome not in OUTCOMES or not isinstance(report.metrics, dict):
        raise ValueError(document)
    return report


def _case_of(document: dict[str, Any]) -> CaseResult:
    seconds, infrastructure = document["seconds"], document["infrastructure"]
    outcome = next(each for each in get_args(Outcome) if each == document["outcome"])
    return CaseResult(
        outcome=outcome,
        seconds=None if seconds is None else float(seconds),
        message=str(document["message"]),
        infrastructure=None if infrastructure is None else str(infrastructure),
        failed=int(outcome == "fail"),
    )


def compare(
    baseline: Baseline, probes: Sequence[ProbeReport], tolerance: float, cases: tuple[CaseChange, ...] | None = None
) -> BaselineComparison:
    """Compare probes with the baseline: new, standing and fixed failures, and metrics that changed.

    A metric counts if it changed by more than `tolerance`, a share of its earlier value. `cases` are the test cases
    that differ, if they were compared already.
    """
    if cases is None:
        cases = tuple(change for probe in probes for change in _cases(baseline.probes.get(probe.name), probe))
    failures = [probe for probe in probes if probe.outcome == "fail"]
    standing = [probe.name for probe in failures if _stands(baseline.probes.get(probe.name), probe, cases)]
    passing = [probe.name for probe in probes if probe.outcome in ("pass", "compiled")]
    return BaselineComparison(
        version=baseline.version,
        new_failures=tuple(probe.name for probe in failures if probe.name not in standing),
        standing_failures=tuple(standing),
        fixed=tuple(name for name in passing if name in baseline.failures),
        changes=tuple(
            change for probe in probes for change in _changes(baseline.probes.get(probe.name), probe, tolerance)
        ),
        cases=cases,
        new_notes=tuple(probe.name for probe in probes if probe.notes and _had_none(baseline.probes.get(probe.name))),
    )


def _had_none(old: ProbeReport | None) -> bool:
    """Return whether the earlier report shows that the probe had nothing to note."""
    return old is not None and old.outcome == "pass" and not old.notes


def _cases(old: ProbeReport | None, new: ProbeReport) -> tuple[CaseChange, ...]:
    """Return the test cases that are not as in the earlier report, if both have cases."""
    return case_changes(old.cases, new.cases) if old is not None and old.cases and new.cases else ()


def _stands(old: ProbeReport | None, new: ProbeReport, cases: Sequence[CaseChange]) -> bool:
    """Return whether the earlier report has the same failure.

    A probe is one failure. Tests are compared case by case, so that one old failure does not let new ones pass; and if
    pytest itself broke, it must have broken in the same way before.
    """
    if old is None or old.outcome != "fail":
        return False
    if new.name != PYTEST:
        return True
    if new.broke or old.broke:
        return new.broke and old.broke and signature(new.reason or "") == signature(old.reason or "")
    return not any(change.blocks for change in cases)


def _changes(old: ProbeReport | None, new: ProbeReport, tolerance: float) -> Iterator[MetricChange]:
    """Yield the metrics that both reports have and that differ by more than the tolerance."""
    if old is None or "not-run" in (old.outcome, new.outcome):
        return
    before, now = (dict(numbers({"seconds": each.seconds, **each.metrics})) for each in (old, new))
    left_out = COMPILING if _was_cached(before) is not _was_cached(now) else ()
    for metric, after in now.items():
        earlier = before.get(metric)
        if earlier is not None and metric not in left_out and abs(after - earlier) > tolerance * abs(earlier):
            yield MetricChange(new.name, metric, earlier, after)


def _was_cached(measured: Mapping[str, float]) -> bool:
    """Return whether the module was already compiled by an earlier run, so that its times do not describe the wheel."""
    return measured.get(COMPILING[0], 1.0) < 1.0


def numbers(metrics: Mapping[str, Any], path: str = "", measured: bool = False) -> Iterator[tuple[str, float]]:
    """Yield every error and time in nested metrics with its dotted path.

    These are the numbers at or below a name of an error or a time. Counts, shapes and versions are not measurements,
    so they are left out.
    """
    for key, value in metrics.items():
        name = f"{path}.{key}" if path else str(key)
        counts = measured or key in ERRORS or "error" in key or key.endswith(("seconds", "_us"))
        if isinstance(value, dict):
            yield from numbers(value, name, counts)
        elif isinstance(value, list):
            yield from numbers({str(index): item for index, item in enumerate(value)}, name, counts)
        elif counts and isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, float(value)
