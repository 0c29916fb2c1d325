"""The report as data, and the verdict over it: red unless every required probe was run and said what it must."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fi_bump.smoke.probes.protocol import ProbeResult
from fi_bump.smoke.registry import PYTEST, Capability, Probe


class Device(NamedTuple):
    """One GPU as the target's torch (or, without it, the driver) names it; `number` counts the visible ones."""

    number: int
    name: str
    capability: Capability
    uuid: str | None = None


class Target(NamedTuple):
    """What the target interpreter is. `requires` holds the Requires-Dist lines of the group's installed members.

    `markers` is the environment that those lines' markers are read in.
    """

    python: str
    torch: str | None
    cuda: str | None
    driver: str | None
    devices: tuple[Device, ...]
    packages: dict[str, str]
    requires: dict[str, list[str]]
    markers: dict[str, str]


class ProbeReport(NamedTuple):
    """What became of one probe: an outcome of the protocol, the reason for all but `pass`, wall seconds, metrics."""

    name: str
    outcome: str
    reason: str | None
    seconds: float
    metrics: dict[str, Any]


class MetricChange(NamedTuple):
    """A metric that moved beyond the tolerance."""

    probe: str
    metric: str
    before: float
    after: float

    @property
    def share(self) -> float | None:
        """By how much of the earlier value it moved, positive for more; None from zero."""
        return round((self.after - self.before) / abs(self.before), 4) if self.before else None


class BaselineComparison(NamedTuple):
    """A report beside an earlier one: which failures are new, which stood there already, what moved."""

    version: str
    new_failures: tuple[str, ...]
    standing_failures: tuple[str, ...]
    fixed: tuple[str, ...]
    changes: tuple[MetricChange, ...]


class SweptRelease(NamedTuple):
    """What a swept release did: `pass`, `compiled`, `fail`, or `not-run` where it could not be installed or asked."""

    version: str
    outcome: str
    reason: str | None

    @property
    def survives(self) -> bool:
        """Whether every probe was content with it."""
        return self.outcome in ("pass", "compiled")


class RepositoryPin(NamedTuple):
    """Where the repository pins a swept package, at which version or range, and whether that keeps to the one found."""

    place: str
    version: str
    inside: bool


class Sweep(NamedTuple):
    """Releases of one package against the same wheel. `admitted` is what the wheel's metadata says of them."""

    package: str
    admitted: str
    releases: tuple[SweptRelease, ...]
    range: str | None
    pins: tuple[RepositoryPin, ...]


class Problem(NamedTuple):
    """One reason why a report is no pass; `probe` is None where it is about the whole run."""

    probe: str | None
    message: str


class SmokeReport(NamedTuple):
    """Everything a run found. `problems` says why `ok` is false; it is empty when `ok` is true."""

    ok: bool
    group: str
    version: str
    target: Target
    required: tuple[str, ...]
    problems: tuple[Problem, ...]
    probes: tuple[ProbeReport, ...]
    comparison: BaselineComparison | None = None
    against: SmokeReport | None = None
    sweep: Sweep | None = None


def reported(name: str, result: ProbeResult, seconds: float) -> ProbeReport:
    """A probe's answer as it stands in the report."""
    return ProbeReport(name, result.outcome, result.reason, round(seconds, 3), result.metrics)


def runnable(probes: Iterable[Probe], devices: Iterable[Device]) -> tuple[str, ...]:
    """The probes that run, and do not only compile, on one of the devices or without any."""
    capabilities: list[Capability | None] = [None, *(device.capability for device in devices)]
    return tuple(probe.name for probe in probes if any(probe.runs_on(capability) for capability in capabilities))


def default_required(probes: Sequence[Probe], devices: Iterable[Device]) -> tuple[str, ...]:
    """The probes this machine can run; where no kernel can run, those that can compile are required beside them.

    Otherwise a machine whose driver is broken would be green for what is installed on it.
    """
    running = runnable(probes, devices)
    kernels = any(probe.kernel for probe in probes if probe.name in running)
    return tuple(probe.name for probe in probes if probe.name in running or (probe.compiles and not kernels))


def problems(
    probes: Sequence[ProbeReport], required: Sequence[str], runnable: Iterable[str], standing: Iterable[str] = ()
) -> tuple[Problem, ...]:
    """Why this is no pass, in the order of the probes; empty when it is one.

    `runnable` are the probes this machine can run: of those, having compiled is not enough. `standing` are the failures
    of the baseline, which do not block; what was not run blocks whether or not it was run before.
    """
    found = {probe.name: probe for probe in probes}
    accepted, able = set(standing), {*runnable, PYTEST}
    reasons = [] if required else [Problem(None, "no probe can run on this machine, so nothing was shown")]
    for name in dict.fromkeys([*found, *required]):
        probe = found.get(name)
        if probe is None:
            reasons.append(Problem(name, f"{name} is required and was not chosen"))
        elif probe.outcome == "fail" and name not in accepted:
            reasons.append(Problem(name, f"{name} failed: {probe.reason}"))
        elif probe.outcome == "not-run" and name in required:
            reasons.append(Problem(name, f"{name} is required and was not run: {probe.reason}"))
        elif probe.outcome == "compiled" and name in required and name in able:
            reasons.append(Problem(name, f"{name} is required to run and was only compiled: {probe.reason}"))
    return tuple(reasons)


def sweep_problems(sweep: Sweep) -> tuple[Problem, ...]:
    """Why a sweep is no pass: nothing survives, the repository pins outside the range, or pins nothing at all.

    Without a pin an installer takes any release that the metadata admits, so all of them must survive.
    """
    if sweep.range is None:
        return (Problem(None, f"no release of {sweep.package} survives"),)
    if sweep.pins:
        outside = [pin for pin in sweep.pins if not pin.inside]
        return tuple(
            Problem(None, f"{pin.place}: {sweep.package} {pin.version} does not keep to {sweep.range}")
            for pin in outside
        )
    fallen = ", ".join(release.version for release in sweep.releases if not release.survives)
    message = f"the repository does not pin {sweep.package}, and {fallen} would not survive"
    return (Problem(None, message),) if fallen else ()
