"""`--sweep`: try the releases of a dependency that the wheel's metadata allows. It compiles, and needs no GPU."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fi_bump.errors import FiBumpError
from fi_bump.smoke import storage
from fi_bump.smoke.candidates import releases
from fi_bump.smoke.environment import EnvironmentRequest, Maker
from fi_bump.smoke.interpreter import Interpreter
from fi_bump.smoke.model import ProbeReport, Sweep, SweptRelease, Target, reported
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.progress import Progress
from fi_bump.smoke.ranges import admitted, name_of, range_to_pin, within
from fi_bump.smoke.registry import Probe, sweepable
from fi_bump.smoke.repository_pins import Pins
from fi_bump.smoke.runner import probe_job, run_jobs
from fi_bump.smoke.shard import Shard


class SweepPlan(NamedTuple):
    """The input of a sweep: the package, the versions to try (empty: all allowed ones), and the environment to vary."""

    package: str
    versions: tuple[str, ...]
    wanted: EnvironmentRequest
    request: ProbeRequest
    seconds: float | None = None
    shard: Shard | None = None
    # Whether the user knows already that the metadata does not limit the package.
    told: bool = False


def unlimited(package: str) -> str:
    """Return what a user is told before every release of a package is tried."""
    some = f"to try a few, interrupt this and name them: --sweep {package}==VERSION,…"
    return f"the wheel's metadata does not limit {package}: every final release is tried; {some}"


def sweep(
    plan: SweepPlan, target: Target, base: Interpreter, maker: Maker, progress: Progress, pins: Pins
) -> tuple[Sweep, tuple[str, ...]]:
    """Try each release of the plan's shard, or of all, in its own environment; return also all versions to try.

    Raises FiBumpError if there is no release to try.
    """
    probes = sweepable(plan.package)
    specifier = admitted(target.requires, plan.package, target.markers)
    versions = list(plan.versions)
    if not versions:
        if not specifier and not plan.told:
            progress.note(unlimited(plan.package))
        listed = releases(plan.package, base.python, base.log("releases"), plan.wanted.wheelhouse)
        versions = within(specifier, listed)
    if not versions:
        hint = f"name releases: --sweep {plan.package}==VERSION,…"
        raise FiBumpError(f"found no release of {plan.package}{specifier}", hint=hint)
    own = versions if plan.shard is None else [versions[place] for place in plan.shard.part(len(versions))]
    tried = tuple(_try(plan, probes, target, base, maker, progress, version) for version in own)
    if plan.shard is not None:
        # One part cannot tell a range.
        return Sweep(plan.package, specifier, tried, None, pins.judged(None, ())), tuple(versions)
    chosen = range_to_pin(plan.package, tried, pins.exact[0][1] if pins.exact else None)
    return Sweep(plan.package, specifier, tried, chosen, pins.judged(chosen, tried)), tuple(versions)


def _try(
    plan: SweepPlan,
    probes: Sequence[Probe],
    target: Target,
    base: Interpreter,
    maker: Maker,
    progress: Progress,
    version: str,
) -> SweptRelease:
    """Install one release and run every probe that compiles. If it cannot be installed, its outcome is `not-run`."""
    name = f"{plan.package}=={version}"
    folder = storage.folder(base.folder, name)
    home = os.path.join(folder, "environment")
    progress.note(f"making an environment with {name}")
    try:
        python = maker.fill(home, varied(plan.wanted, probes, target, plan.request.packages, plan.package, version))
    except FiBumpError as error:
        progress.ended(reported(name, ProbeResult("not-run", error.message), 0.0))
        return SweptRelease(version, "not-run", error.message)
    else:
        # No device is used, even if there is one: compiling gives the same answer on every machine.
        jobs = [probe_job(probe, Interpreter(python, folder), plan.request, (), plan.seconds) for probe in probes]
        named = [job._replace(name=f"{name} {job.name}") for job in jobs]
        return _release(version, run_jobs(named, (), progress))
    finally:
        # An environment takes gigabytes, and there may be dozens, so each is removed after its answer.
        storage.drop(home)


def varied(
    wanted: EnvironmentRequest,
    probes: Sequence[Probe],
    target: Target,
    members: Iterable[str],
    package: str,
    version: str,
) -> EnvironmentRequest:
    """Return a request for the target's environment with another release of one package.

    The other packages that the probes depend on keep the target's versions. Of the group's own packages (`members`)
    only those that these probes depend on are installed.
    """
    others = dict.fromkeys(name for probe in probes for name in probe.packages)
    fixed = {name_of(requirement) for requirement in wanted.requirements} | {package}
    left_out = (set(members) - others.keys()) | {package}
    # The local label (+cpu) is dropped: it does not name another release, and an index may not have it.
    same = [
        f"{name}=={target.packages[name].partition('+')[0]}"
        for name in others
        if name in target.packages and name not in fixed
    ]
    kept = [requirement for requirement in wanted.requirements if name_of(requirement) not in left_out]
    return wanted._replace(requirements=(*kept, *same, f"{package}=={version}"))


def _release(version: str, reports: Sequence[ProbeReport]) -> SweptRelease:
    """Return the release with the worst outcome of its probes."""
    for outcome in ("fail", "not-run", "compiled"):
        worst = next((report for report in reports if report.outcome == outcome), None)
        if worst is not None:
            return SweptRelease(version, outcome, worst.reason)
    return SweptRelease(version, "pass", None)
