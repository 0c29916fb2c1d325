"""The smoke report as data, and its verdict: green only if every required probe ran and passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fi_bump.compare.cases import NO_CASES, CaseResult
from fi_bump.compare.model import CaseChange
from fi_bump.smoke.ab_model import AbComparison
from fi_bump.smoke.case_changes import skipped, worse
from fi_bump.smoke.probes.protocol import ProbeResult
from fi_bump.smoke.registry import PYTEST, Capability, Probe
from fi_bump.smoke.shard import Part


class Device(NamedTuple):
    """One GPU as the target's torch describes it, or the driver if torch is missing. `number` counts from 0."""

    number: int
    name: str
    capability: Capability
    uuid: str | None = None


class Target(NamedTuple):
    """The target interpreter: its versions, devices and packages.

    `requires` are the Requires-Dist lines of the group's installed members, by member. `markers` is the environment for
    evaluating the markers of these lines.
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
    """The result of one probe: its outcome, a reason unless it passed, its wall time in seconds, and its metrics.

    `cases` are the test cases of `--pytest` by name; other probes have none.
    """

    name: str
    outcome: str
    reason: str | None
    seconds: float
    metrics: dict[str, Any]
    cases: Mapping[str, CaseResult] = NO_CASES

    @property
    def failure(self) -> str:
        """A message that says that the probe failed, and why."""
        return f"{self.name} failed: {self.reason}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Faults that it found and that do not make it fail, because not every engine meets them."""
        found = self.metrics.get("notes")
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def broke(self) -> bool:
        """Whether it failed for another reason than a failed test case: a probe's check, a crash, a time limit."""
        return self.outcome == "fail" and not any(case.outcome == "fail" for case in self.cases.values())


class MetricChange(NamedTuple):
    """A metric that changed by more than the tolerance."""

    probe: str
    metric: str
    before: float
    after: float

    @property
    def share(self) -> float | None:
        """The change as a share of the earlier value, positive for an increase; None if the earlier value was zero."""
        return round((self.after - self.before) / abs(self.before), 4) if self.before else None


class BaselineComparison(NamedTuple):
    """The comparison with an earlier report: new, standing (in both) and fixed failures, and changed metrics.

    `cases` are the test cases of `--pytest` that are not as in the earlier report. `new_notes` are the probes
    that have notes and passed in the earlier report without any.
    """

    version: str
    new_failures: tuple[str, ...]
    standing_failures: tuple[str, ...]
    fixed: tuple[str, ...]
    changes: tuple[MetricChange, ...]
    cases: tuple[CaseChange, ...] = ()
    new_notes: tuple[str, ...] = ()


class SweptRelease(NamedTuple):
    """A swept release with its outcome: `pass`, `compiled`, `fail`, or `not-run` if it could not be installed."""

    version: str
    outcome: str
    reason: str | None

    @property
    def survives(self) -> bool:
        """Whether every probe passed or compiled with this release."""
        return self.outcome in ("pass", "compiled")


class RepositoryPin(NamedTuple):
    """A place where the repository pins the swept package, its version or range, and whether the found range has it."""

    place: str
    version: str
    inside: bool


class Sweep(NamedTuple):
    """Releases of one package, tried with the same wheel.

    `admitted` is the specifier in the wheel's metadata, empty if there is none. `range` is the requirement to pin, or
    None if no release works.
    """

    package: str
    admitted: str
    releases: tuple[SweptRelease, ...]
    range: str | None
    pins: tuple[RepositoryPin, ...]


class Problem(NamedTuple):
    """One reason for a red verdict. `probe` is None if it concerns the whole run."""

    probe: str | None
    message: str


class SmokeReport(NamedTuple):
    """Everything that a run found. `problems` are the reasons if `ok` is false, else empty.

    `part` says which part of a run that several machines share this is; None for a whole run.
    """

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
    ab: AbComparison | None = None
    part: Part | None = None


def reported(name: str, result: ProbeResult, seconds: float, cases: Mapping[str, CaseResult] = NO_CASES) -> ProbeReport:
    """Return a probe's result as an entry of the report."""
    return ProbeReport(
        name=name,
        outcome=result.outcome,
        reason=result.reason,
        seconds=round(seconds, 3),
        metrics=result.metrics,
        cases=cases,
    )


def runnable(probes: Iterable[Probe], devices: Iterable[Device]) -> tuple[str, ...]:
    """Return the names of the probes that can run, not only compile, on the devices or without a device."""
    capabilities = [device.capability for device in devices]

    def runs(probe: Probe) -> bool:
        return probe.runs_on(None) or sum(map(probe.runs_on, capabilities)) >= probe.devices

    return tuple(probe.name for probe in probes if runs(probe))


def default_required(probes: Sequence[Probe], devices: Iterable[Device]) -> tuple[str, ...]:
    """Return the probes that this machine can run; if it can run no kernel, also those that can compile one.

    Otherwise a machine with a broken driver would be green because of its installed packages only.
    """
    running = runnable(probes, devices)
    kernels = any(probe.kernel for probe in probes if probe.name in running)
    return tuple(probe.name for probe in probes if probe.name in running or (probe.compiles and not kernels))


def problems(
    probes: Sequence[ProbeReport],
    required: Sequence[str],
    runnable: Iterable[str],
    comparison: BaselineComparison | None = None,
    tests: Sequence[str] = (),
    *,
    part: bool = False,
) -> tuple[Problem, ...]:
    """Return the reasons for a red verdict in the order of the probes; empty for a green one.

    A `part` of a run may have nothing to test.

    `runnable` are the probes that this machine can run; for them compiling is not enough. Failures that the baseline of
    `comparison` has too do not count, and notes that it does not have do. A required probe that did not run counts even
    if it did not run in the baseline, and so does each of the named `tests` that was skipped.
    """
    found = {probe.name: probe for probe in probes}
    accepted, able = set(comparison.standing_failures if comparison else ()), {*runnable, PYTEST}
    noted = comparison.new_notes if comparison else ()
    reasons = [] if required or part else [Problem(None, "no probe can run on this machine, so nothing was tested")]
    for name in dict.fromkeys([*found, *required]):
        probe = found.get(name)
        if probe is None:
            reasons.append(Problem(name, f"{name} is required but was not chosen"))
        elif worse := problem_of_tests(probe, comparison):
            reasons.append(worse)
        elif probe.outcome == "fail" and name not in accepted:
            reasons.append(Problem(name, probe.failure))
        elif name in noted:
            what = "; ".join(probe.notes)
            reasons.append(Problem(name, f"{name} has a note that the baseline does not have: {what}"))
        elif probe.outcome == "not-run" and name in required:
            reasons.append(Problem(name, f"{name} is required but did not run: {probe.reason}"))
        elif probe.outcome == "compiled" and name in required and name in able:
            reasons.append(Problem(name, f"{name} is required to run but was only compiled: {probe.reason}"))
    pytest = found.get(PYTEST)
    if pytest is not None and pytest.outcome != "not-run":
        reasons += [Problem(PYTEST, message) for message in skipped(tests, pytest.cases)]
    return tuple(reasons)


def problem_of_tests(probe: ProbeReport, comparison: BaselineComparison | None) -> Problem | None:
    """Return the problem that tests are worse than in the baseline, where that is what there is to say of the probe."""
    if probe.name != PYTEST or comparison is None or probe.broke or probe.outcome == "not-run":
        return None
    message = worse(comparison.cases, len(probe.cases))
    return None if message is None else Problem(probe.name, message)


def sweep_problems(sweep: Sweep) -> tuple[Problem, ...]:
    """Return the reasons for a red sweep: no release works, or the repository pins or allows one that fails.

    Without a pin an installer may take any release that the metadata allows, so all of them must work.
    """
    if sweep.range is None:
        return (Problem(None, f"no release of {sweep.package} works"),)
    if sweep.pins:
        outside = [pin for pin in sweep.pins if not pin.inside]
        return tuple(
            Problem(None, f"{pin.place}: {sweep.package} {pin.version} is not in {sweep.range}") for pin in outside
        )
    fallen = ", ".join(release.version for release in sweep.releases if not release.survives)
    message = f"the repository does not pin {sweep.package}, and these releases fail: {fallen}"
    return (Problem(None, message),) if fallen else ()
