"""The verdict of a smoke run: which probes are required, and every reason for red.

A run is green only if every required probe ran and passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fi_bump.smoke.case_changes import skipped, worse
from fi_bump.smoke.model import BaselineComparison, Device, ProbeReport, Problem, Sweep
from fi_bump.smoke.registry import PYTEST, Probe


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
