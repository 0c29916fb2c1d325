"""`--baseline`: an earlier JSON report beside this one. Failures that stand in it too are known; new ones block."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fi_bump import user_files
from fi_bump.errors import FiBumpError
from fi_bump.smoke.model import BaselineComparison, MetricChange, ProbeReport
from fi_bump.smoke.probes.protocol import ERRORS, OUTCOMES

SCHEMA = 1
# What compiling takes, and all that it is part of.
_COMPILING = ("compile_seconds", "jit.seconds", "seconds")
_HINT = "takes a report of fi-bump smoke --format json"


class Baseline(NamedTuple):
    """What of an earlier report is compared."""

    version: str
    probes: dict[str, ProbeReport]

    @property
    def failures(self) -> tuple[str, ...]:
        """The probes that failed there."""
        return tuple(name for name, probe in self.probes.items() if probe.outcome == "fail")


def load(path: str, group: str) -> Baseline:
    """The baseline in a file. Raises FiBumpError for what is no report, or one of another schema or group."""
    hint = f"--baseline {_HINT}"
    document = read(path, "baseline")
    try:
        probes = {probe.name: probe for probe in map(probe_of, document["probes"])}
        version, owner = document["version"], document["group"]
    except (KeyError, TypeError, ValueError):
        raise FiBumpError("is no smoke report", place=path, hint=hint) from None
    if owner != group or not isinstance(version, str):
        raise FiBumpError(f"is a report of the group '{owner}', not of '{group}'", place=path, hint=hint)
    return Baseline(version, probes)


def read(path: str, name: str) -> dict[str, Any]:
    """The document of a report for the option `--NAME`. Raises FiBumpError for no report and one of another schema."""
    hint = f"--{name} {_HINT}"
    try:
        document = json.loads(user_files.read(path).decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FiBumpError("is not JSON", place=path, hint=hint) from None
    if not isinstance(document, dict) or "schema" not in document or "probes" not in document:
        raise FiBumpError("is no smoke report", place=path, hint=hint)
    if document["schema"] != SCHEMA or isinstance(document["schema"], bool):
        found = json.dumps(document["schema"])
        message = f"is a report of schema {found}, not {SCHEMA}"
        raise FiBumpError(message, place=path, hint=f"make the {name} anew")
    return document


def _no_constant(name: str) -> float:
    raise ValueError(name)


def probe_of(document: Any) -> ProbeReport:
    """One probe of a report's document. Raises KeyError, TypeError or ValueError."""
    report = ProbeReport(
        document["name"], document["outcome"], document["reason"], float(document["seconds"]), document["metrics"]
    )
    if not isinstance(report.name, str) or report.outcome not in OUTCOMES or not isinstance(report.metrics, dict):
        raise ValueError(document)
    return report


def compare(baseline: Baseline, probes: Sequence[ProbeReport], tolerance: float) -> BaselineComparison:
    """The probes beside the baseline's: failures by kind, and errors and times that moved by more than a share."""
    failures = [probe.name for probe in probes if probe.outcome == "fail"]
    passing = [probe.name for probe in probes if probe.outcome in ("pass", "compiled")]
    return BaselineComparison(
        baseline.version,
        tuple(name for name in failures if name not in baseline.failures),
        tuple(name for name in failures if name in baseline.failures),
        tuple(name for name in passing if name in baseline.failures),
        tuple(change for probe in probes for change in _changes(baseline.probes.get(probe.name), probe, tolerance)),
    )


def _changes(old: ProbeReport | None, new: ProbeReport, tolerance: float) -> Iterator[MetricChange]:
    """The measured numbers that both have and that differ by more than the tolerance."""
    if old is None or "not-run" in (old.outcome, new.outcome):
        return
    before, now = (dict(numbers({"seconds": each.seconds, **each.metrics})) for each in (old, new))
    left_out = _COMPILING if _was_kept(before) is not _was_kept(now) else ()
    for metric, after in now.items():
        earlier = before.get(metric)
        if earlier is not None and metric not in left_out and abs(after - earlier) > tolerance * abs(earlier):
            yield MetricChange(new.name, metric, earlier, after)


def _was_kept(measured: Mapping[str, float]) -> bool:
    """Whether a module was there from an earlier run: then it took no time, which says nothing about the wheel."""
    return measured.get(_COMPILING[0], 1.0) < 1.0


def numbers(metrics: Mapping[str, Any], path: str = "", measured: bool = False) -> Iterator[tuple[str, float]]:
    """Every error and time in nested metrics, by its dotted path: below a name that speaks of one, all numbers.

    Counts, shapes and versions are no measurements: that they differ says nothing about the wheel.
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
