"""What the readable smoke reports share: the words for a target, a verdict, a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fi_bump.smoke.baseline import numbers
from fi_bump.smoke.model import BaselineComparison, MetricChange, ProbeReport, SmokeReport, Sweep, Target
from fi_bump.untrusted import printable


def verdict(report: SmokeReport) -> str:
    """`flashinfer 0.6.11.post2: ok`."""
    return f"{report.group} {report.version}: {'ok' if report.ok else 'not ok'}"


def target_line(target: Target) -> str:
    """`NVIDIA H200 (9.0), driver 580.95, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3`."""
    counted = Counter(f"{device.name} ({device.capability[0]}.{device.capability[1]})" for device in target.devices)
    devices = [f"{times} x {name}" if times > 1 else name for name, times in counted.items()] or ["no GPU"]
    parts = [("driver", target.driver), ("CUDA", target.cuda), ("torch", target.torch), ("Python", target.python)]
    return printable(", ".join([*devices, *(f"{what} {value}" for what, value in parts if value)]))


def number(value: Any) -> str:
    """A metric's value as people read it: four significant digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return printable(str(value), 60)


def scalars(metrics: dict[str, Any]) -> dict[str, str]:
    """The metrics that are one value each; tables of many shapes are in the JSON."""
    return {
        printable(name, 60): number(value)
        for name, value in metrics.items()
        if isinstance(value, (str, int, float)) and value != ""
    }


def detail(reason: str | None, metrics: dict[str, Any]) -> str:
    """The reason, then the metrics in a row."""
    row = ", ".join(f"{name} {value}" for name, value in scalars(metrics).items())
    return "; ".join(part for part in (reason, row) if part)


def comparison_lines(comparison: BaselineComparison) -> Iterator[str]:
    """What differs from the baseline, a line each."""
    yield f"beside the baseline of {comparison.version}:"
    words = (
        ("fails now and did not before", comparison.new_failures),
        ("fails, as in the baseline", comparison.standing_failures),
        ("no longer fails", comparison.fixed),
    )
    for what, names in words:
        yield from (f"{name} {what}" for name in names)
    yield from map(_change_line, comparison.changes)
    if not any((comparison.new_failures, comparison.standing_failures, comparison.fixed, comparison.changes)):
        yield "nothing changed"


def _change_line(change: MetricChange) -> str:
    share = "" if change.share is None else f" ({change.share:+.0%})"
    return f"{change.probe} {change.metric}: {number(change.before)} -> {number(change.after)}{share}"


def side_by_side(report: SmokeReport, other: SmokeReport) -> list[tuple[str, str, str, str]]:
    """Rows of probe, what, this release's value, the other's: outcomes, single metrics, and kernels' times."""
    rows = []
    theirs = {probe.name: probe for probe in other.probes}
    for probe in report.probes:
        twin = theirs.get(probe.name)
        left, right = _values(probe), {} if twin is None else _values(twin)
        names = dict.fromkeys([*left, *right])
        rows += [(probe.name, name, left.get(name, "-"), right.get(name, "-")) for name in names]
    return rows


def _values(probe: ProbeReport) -> dict[str, str]:
    kernels = {printable(name, 60): number(value) for name, value in numbers(probe.metrics) if name.endswith("_us")}
    return {"outcome": probe.outcome, "seconds": number(probe.seconds), **scalars(probe.metrics), **kernels}


def sweep_lines(sweep: Sweep) -> Iterator[str]:
    """The range to pin and where the repository stands."""
    says = f"admits {sweep.package}{sweep.admitted}" if sweep.admitted else f"says nothing of {sweep.package}"
    yield f"the wheel's metadata {says}"
    if sweep.range is not None:
        yield f"pin {sweep.range}"
    for pin in sweep.pins:
        yield f"{pin.place}: {pin.version} {'keeps to it' if pin.inside else 'does not keep to it'}"
    if not sweep.pins:
        yield f"the repository does not pin {sweep.package}"
