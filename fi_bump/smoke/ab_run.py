"""Run two releases in turn on one machine: round after round, probe after probe, first one and then the other.

With two cards of one kind both run at once, each on its own card, and they swap cards after every round.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from fi_bump.errors import UsageError
from fi_bump.smoke import storage, verdict
from fi_bump.smoke.ab import ab_probe, case_differences, worst
from fi_bump.smoke.ab_model import AbComparison
from fi_bump.smoke.baseline import Baseline, compare
from fi_bump.smoke.engine_tests import pytest_job
from fi_bump.smoke.interpreter import Interpreter
from fi_bump.smoke.model import Device, ProbeReport, SmokeReport, Target
from fi_bump.smoke.probes.protocol import ProbeRequest
from fi_bump.smoke.progress import Progress
from fi_bump.smoke.registry import PYTEST, Probe
from fi_bump.smoke.runner import Job, choose_devices, probe_job, run_jobs
from fi_bump.smoke.shard import Part, Shard


class AbSide(NamedTuple):
    """One release: its interpreter, the request for its probes, and its description."""

    interpreter: Interpreter
    request: ProbeRequest
    target: Target


class AbSides(NamedTuple):
    """The locked release and the other one."""

    locked: AbSide
    other: AbSide


class AbPlan(NamedTuple):
    """What runs in each round: probes, and tests in the repository at `root`.

    `required` is None if the machine's GPUs decide. `held` are the requirements that both environments have.
    """

    probes: tuple[Probe, ...]
    required: tuple[str, ...] | None
    tests: tuple[str, ...]
    root: str
    devices: str | None
    seconds: float | None
    rounds: int
    shard: Shard | None
    held: tuple[str, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """Everything that can run on a machine of its own: each probe, and all tests together."""
        return (*(probe.name for probe in self.probes), *((PYTEST,) if self.tests else ()))

    def own(self) -> AbPlan:
        """Return the plan of this part of the run."""
        if self.shard is None:
            return self
        chosen = {self.units[place] for place in self.shard.part(len(self.units))}
        probes = tuple(each for each in self.probes if each.name in chosen)
        return self._replace(probes=probes, tests=self.tests if PYTEST in chosen else ())


# The reports of each probe, one for each round.
Rounds = dict[str, list[ProbeReport]]


def run_ab(plan: AbPlan, sides: AbSides, group: str, progress: Progress) -> SmokeReport:
    """Run both releases and return the report of the locked one, with the comparison."""
    cards = _cards(choose_devices(sides.locked.target, plan.devices))
    required = verdict.default_required(plan.probes, cards) if plan.required is None else plan.required
    own = plan.own()
    found = _rounds(own, sides, cards, progress)
    names = [each.name for each in own.probes] + ([PYTEST] if own.tests else [])
    locked, other = ([worst(side[name]) for name in names] for side in found)
    cases = () if PYTEST not in names else case_differences(found[0][PYTEST], found[1][PYTEST])
    version = sides.other.request.version
    releases = (sides.locked.request.version, version)
    comparison = compare(Baseline(version, {each.name: each for each in other}), locked, 0.0, cases)
    needed = tuple(name for name in required if name in names) + ((PYTEST,) if own.tests else ())
    runnable = verdict.runnable(own.probes, cards)
    problems = verdict.problems(locked, needed, runnable, comparison, own.tests, part=plan.shard is not None)
    return SmokeReport(
        ok=not problems,
        group=group,
        version=releases[0],
        target=sides.locked.target,
        required=needed,
        problems=problems,
        probes=tuple(locked),
        # The differences of metrics are in the A/B comparison, with their intervals.
        comparison=comparison._replace(changes=()),
        ab=AbComparison(
            version=version,
            rounds=plan.rounds,
            cards=tuple(f"{each.number}: {each.name}" for each in cards),
            held=plan.held,
            packages=_packages(sides),
            probes=tuple(ab_probe(found[0][name], found[1][name], releases) for name in names),
            cases=cases,
        ),
        part=None if plan.shard is None else Part(plan.shard.number, plan.shard.of, plan.units),
    )


def _cards(devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return the two cards to swap, or the one to share. Raises UsageError for cards of two kinds."""
    kinds = {(each.name, each.capability) for each in devices}
    if len(kinds) > 1:
        listed = ", ".join(f"{each.number} ({each.name})" for each in devices)
        message = f"--ab compares on cards of one kind, and --devices names {listed}"
        raise UsageError(message, hint="name devices of one kind, or one device")
    return tuple(devices[:2])


def _packages(sides: AbSides) -> tuple[tuple[str, str, str], ...]:
    ours, theirs = sides.locked.target.packages, sides.other.target.packages
    own = sides.locked.request.packages
    return tuple(
        (name, ours.get(name, "-"), theirs.get(name, "-"))
        for name in sorted(ours.keys() | theirs.keys())
        if name not in own and ours.get(name) != theirs.get(name)
    )


def _rounds(plan: AbPlan, sides: AbSides, cards: Sequence[Device], progress: Progress) -> tuple[Rounds, Rounds]:
    found: tuple[Rounds, Rounds] = ({}, {})
    stop = threading.Event()
    for number in range(plan.rounds):
        progress.note(f"round {number + 1} of {plan.rounds}")
        jobs = [_jobs(plan, side, number, cards) for side in sides]
        # One release is not always first: what the first leaves behind, such as a warm card, would favour the second.
        order = (0, 1) if number % 2 == 0 else (1, 0)
        for place in range(len(jobs[0])):
            if len(cards) > 1:
                reports = _at_once([jobs[side][place] for side in order], cards, progress, stop)
            else:
                reports = [run_jobs([jobs[side][place]], cards, progress, stop)[0] for side in order]
            for side, report in zip(order, reports, strict=True):
                name = report.name.partition(" ")[0]
                found[side].setdefault(name, []).append(report._replace(name=name))
    return found


def _jobs(plan: AbPlan, side: AbSide, number: int, cards: Sequence[Device]) -> list[Job]:
    """Return the jobs of one release in one round. Each round has a folder, so that no answer is taken for another."""
    folder = storage.folder(os.path.join(side.interpreter.folder, f"round-{number + 1}"))
    interpreter = side.interpreter._replace(folder=folder)
    jobs = [probe_job(probe, interpreter, side.request, cards, plan.seconds) for probe in plan.probes]
    if plan.tests:
        jobs.append(pytest_job(plan.tests, plan.root, interpreter, plan.seconds))
    return [job._replace(name=f"{job.name} of {side.request.version}") for job in jobs]


def _at_once(
    jobs: Sequence[Job], cards: Sequence[Device], progress: Progress, stop: threading.Event
) -> list[ProbeReport]:
    """Run one job of each release at the same time, each on its own card, and return both reports.

    The jobs are in the order of the round, which alternates, so that the releases swap cards.
    """
    with ThreadPoolExecutor(len(jobs), thread_name_prefix="release") as pool:
        running = [pool.submit(run_jobs, [job], [card], progress, stop) for job, card in zip(jobs, cards, strict=True)]
        try:
            return [each.result()[0] for each in running]
        except BaseException:
            # Leaving the pool waits for the threads, so their processes must end now.
            stop.set()
            raise
