"""The words that all readable smoke reports share: for a target, a verdict, a number, a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from fi_bump.compare.model import ChangeKind
from fi_bump.report.compare_lines import lines
from fi_bump.report.compare_text import TITLES
from fi_bump.smoke.baseline import numbers
from fi_bump.smoke.model import BaselineComparison, MetricChange, ProbeReport, SmokeReport, Sweep, Target
from fi_bump.smoke.probes.protocol import ERRORS
from fi_bump.smoke.shard import Part
from fi_bump.untrusted import printable

# How many lines of a kind are shown; JSON has all of them.
_MOST = 20
# The ends of metrics' names that tell a unit, with the unit and what the name needs without them.
_UNITS = (("_seconds", "s"), ("_us", "µs"), ("_share", "of the peak"))
_WORDS = {"_seconds": " time", "_us": " time", "_share": " share"}
_TRUTHS = {"True": "yes", "False": "no"}


def verdict(report: SmokeReport) -> str:
    """Return a line like `flashinfer 0.6.11.post2: ok`."""
    return f"{report.group} {report.version}: {'ok' if report.ok else 'not ok'}"


def target_line(target: Target) -> str:
    """Return a line like `NVIDIA H200 (9.0), driver 580.95, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3`."""
    counted = Counter(f"{device.name} ({device.capability[0]}.{device.capability[1]})" for device in target.devices)
    devices = [f"{times} x {name}" if times > 1 else name for name, times in counted.items()] or ["no GPU"]
    parts = [("driver", target.driver), ("CUDA", target.cuda), ("torch", target.torch), ("Python", target.python)]
    return printable(", ".join([*devices, *(f"{what} {value}" for what, value in parts if value)]))


def number(value: Any) -> str:
    """Return a metric's value with four significant digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return printable(str(value), 60)


def scalars(metrics: dict[str, Any]) -> dict[str, str]:
    """Return the metrics that are a single value. Only the JSON has the others, such as tables of many shapes."""
    return {
        printable(name, 60): number(value)
        for name, value in metrics.items()
        if isinstance(value, (str, int, float)) and value != ""
    }


def outcomes(probes: Iterable[ProbeReport]) -> list[tuple[str, str, str, str]]:
    """Return rows of probe, outcome, time with its unit, and reason."""
    return [(each.name, each.outcome, f"{number(each.seconds)} s", each.reason or "") for each in probes]


def measured(probes: Iterable[ProbeReport]) -> list[tuple[str, str, str]]:
    """Return rows of probe, value and number with its unit, for the metrics that are a single value."""
    return [(probe.name, *with_unit(name, value)) for probe in probes for name, value in scalars(probe.metrics).items()]


def with_unit(name: str, value: str) -> tuple[str, str]:
    """Return a metric's name in words and its value with the unit that the name tells: seconds, microseconds, a share.

    Errors are relative to the expected result.
    """
    for ending, unit in _UNITS:
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ") + _WORDS.get(ending, ""), f"{value} {unit}"
    if name in ERRORS or name == "drift":
        return f"error, {name.replace('_', ' ')}", f"{value} of the result"
    return name.replace("_", " "), _TRUTHS.get(value, value)


def comparison_lines(comparison: BaselineComparison) -> Iterator[str]:
    """Yield a heading, then one line for each difference from the baseline."""
    yield f"compared with the baseline of {comparison.version}:"
    words = (
        ("fails now and did not before", comparison.new_failures),
        ("fails, as in the baseline", comparison.standing_failures),
        ("has a note now and had none before", comparison.new_notes),
        ("no longer fails", comparison.fixed),
    )
    for what, names in words:
        yield from (f"{name} {what}" for name in names)
    yield from map(_change_line, comparison.changes)
    yield from _case_lines(comparison)
    same = comparison._replace(version="") == BaselineComparison("", (), (), (), ())
    if same:
        yield "nothing changed"


def _case_lines(comparison: BaselineComparison) -> Iterator[str]:
    """Yield a line for each test case that is not as in the baseline, by kind, the first twenty of each."""
    for kind in ChangeKind:
        found = lines(change for change in comparison.cases if change.kind is kind)
        for line in found[:_MOST]:
            said = "".join(f"; {when}: {text}" for when, text in line.messages)
            yield f"{TITLES[kind]}: {line.name}: {line.detail}{said}"
        if rest := sum(line.cases for line in found[_MOST:]):
            yield f"{TITLES[kind]}: and {rest} more"


def _change_line(change: MetricChange) -> str:
    share = "" if change.share is None else f" ({change.share:+.0%})"
    return f"{change.probe} {change.metric}: {number(change.before)} -> {number(change.after)}{share}"


def side_by_side(report: SmokeReport, other: SmokeReport) -> list[tuple[str, str, str, str]]:
    """Return rows of probe, metric, this release's value and the other's.

    The metrics are the outcomes, the single values, and the times of the kernels.
    """
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


def part_line(part: Part) -> str:
    """Return the line that says which part of a run a report is."""
    return f"part {part.shard} of a run: join the parts with fi-bump smoke --merge DIR"


def sweep_lines(sweep: Sweep) -> Iterator[str]:
    """Yield the range to pin, and for each pin of the repository whether it is in the range."""
    says = f"allows {sweep.package}{sweep.admitted}" if sweep.admitted else f"does not mention {sweep.package}"
    yield f"the wheel's metadata {says}"
    if sweep.range is not None:
        yield f"pin {sweep.range}"
    for pin in sweep.pins:
        yield f"{pin.place}: {pin.version} {'is in this range' if pin.inside else 'is not in this range'}"
    if not sweep.pins:
        yield f"the repository does not pin {sweep.package}"
