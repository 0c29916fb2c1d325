"""One run of the smoke stage: an environment, what it is, the probes in it, and the report over all."""

from __future__ import annotations

import os
from functools import cached_property
from typing import NamedTuple

from fi_bump.errors import FiBumpError
from fi_bump.lock import Group
from fi_bump.repository import Repository
from fi_bump.smoke import model, storage
from fi_bump.smoke.base_interpreter import Base, examine
from fi_bump.smoke.baseline import Baseline, compare
from fi_bump.smoke.engine_tests import pytest_job
from fi_bump.smoke.environment import EnvironmentRequest, Maker, plain, wanted_for
from fi_bump.smoke.interpreter import Interpreter, existing, inspect
from fi_bump.smoke.model import SmokeReport, Target
from fi_bump.smoke.probes.protocol import ProbeRequest
from fi_bump.smoke.progress import Progress
from fi_bump.smoke.ranges import name_of, wheels
from fi_bump.smoke.registry import PACKAGES, PROBES, PYTEST, TARGET, Probe
from fi_bump.smoke.repository_pins import pins_of, versions_of
from fi_bump.smoke.runner import choose_devices, probe_job, run_jobs
from fi_bump.smoke.sweep import SweepPlan, sweep
from fi_bump.versions import same_version


class Setup(NamedTuple):
    """What a run goes by, checked. `required` is None where the machine decides; `sweep` is a package and versions."""

    repository: Repository
    group: Group
    probes: tuple[Probe, ...]
    required: tuple[str, ...] | None
    python: str | None
    base: str | None
    wheelhouse: str | None
    extra: tuple[str, ...]
    devices: str | None
    seconds: float | None
    jit: str
    cache: str
    baseline: Baseline | None
    tolerance: float
    against: str | None
    sweep: tuple[str, tuple[str, ...]] | None
    tests: tuple[str, ...]


class Session:
    """A run that tells `progress` what it does."""

    def __init__(self, setup: Setup, progress: Progress) -> None:
        self._setup = setup
        self._progress = progress
        self._maker = Maker(storage.folder(setup.cache), lambda line: progress.line("install", line))

    def report(self) -> SmokeReport:
        """Everything that was asked for. Raises FiBumpError where there is no interpreter to probe."""
        version = self._setup.group.version
        if self._setup.sweep is not None:
            return self._swept(version, *self._setup.sweep)
        versions = [version] if self._setup.against is None else [version, self._setup.against]
        # All of them before the first probe: minutes of probes are not lost to a release that cannot be installed.
        locked, *others = [self._target(each) for each in versions]
        report = self._examined(*locked, self._setup.baseline)
        for other in others:
            self._progress.note(f"beside it: {self._setup.group.name} {self._setup.against}")
            report = report._replace(against=self._examined(*other, None))
        return report

    def _examined(
        self, interpreter: Interpreter, request: ProbeRequest, target: Target, baseline: Baseline | None
    ) -> SmokeReport:
        """The verdict on one release."""
        setup = self._setup
        devices = choose_devices(target, setup.devices)
        jobs = [probe_job(probe, interpreter, request, devices, setup.seconds) for probe in setup.probes]
        if setup.tests:
            jobs.append(pytest_job(setup.tests, setup.repository.root, interpreter, setup.seconds))
        reports = run_jobs(jobs, devices, self._progress)
        required = model.default_required(setup.probes, devices) if setup.required is None else setup.required
        required += (PYTEST,) if setup.tests else ()
        comparison = None if baseline is None else compare(baseline, reports, setup.tolerance)
        standing = () if comparison is None else comparison.standing_failures
        problems = model.problems(reports, required, model.runnable(setup.probes, devices), standing)
        name = setup.group.name
        return SmokeReport(not problems, name, request.version, target, required, problems, tuple(reports), comparison)

    def _swept(self, version: str, package: str, versions: tuple[str, ...]) -> SmokeReport:
        """The verdict on the releases of one package beside the locked version."""
        setup = self._setup
        interpreter, request, target = self._target(version)
        installed = target.packages.get(PACKAGES[0])
        if installed is None or not same_version(installed.partition("+")[0], version):
            # Its metadata says what is admitted, and environments are made with the locked version.
            message = f"it holds {PACKAGES[0]} {installed}" if installed else f"it does not hold {PACKAGES[0]}"
            hint = "a sweep goes by the metadata of the locked version: leave --python out to have it installed"
            raise FiBumpError(f"{message}, the lock says {version}", place=interpreter.python, hint=hint)
        plan = SweepPlan(package, versions, self._wanted(version), request, setup.seconds)
        pins = pins_of(setup.repository, package)
        swept = sweep(plan, target, interpreter, self._maker, self._progress, pins)
        problems = model.sweep_problems(swept)
        return SmokeReport(not problems, setup.group.name, version, target, (), problems, (), sweep=swept)

    def _target(self, version: str) -> tuple[Interpreter, ProbeRequest, Target]:
        """The interpreter for a release, the request that probes start from, and what the interpreter is."""
        setup = self._setup
        if setup.python is not None:
            python = existing(setup.python)
        else:
            wanted = self._wanted(version)
            self._progress.note(f"making an environment with {' '.join(wanted.requirements)}")
            python = self._maker.make(wanted)
        folder = storage.fresh_folder(setup.cache, "runs", f"{setup.group.name}-{version}")
        self._progress.note(f"output is kept in {folder}")
        interpreter = Interpreter(python, folder, None if self._base is None else self._base.tools)
        packages = {member.name: member.label for member in setup.group.packages}
        cache = storage.folder(setup.cache, "jit")
        request = ProbeRequest(TARGET, setup.group.name, version, packages, cache, setup.jit)
        return interpreter, request, inspect(interpreter, request)

    def _wanted(self, version: str) -> EnvironmentRequest:
        setup = self._setup
        return wanted_for(setup.group, version, setup.wheelhouse, (*setup.extra, *self._beside), self._base)

    @cached_property
    def _base(self) -> Base | None:
        """What environments are made on."""
        if self._setup.base is None:
            return None
        log = os.path.join(storage.folder(self._setup.cache, "environments"), "base.log")
        return examine(self._setup.base, log, plain())

    @cached_property
    def _beside(self) -> tuple[str, ...]:
        """What the probes depend on beside the group, at the repository's own version, where nothing else decides.

        That is --with, the base, or an interpreter that is there; and a folder of wheels without a wheel of it.
        """
        setup = self._setup
        if setup.python is not None:
            return ()
        decided = {member.name for member in setup.group.packages} | {name_of(extra) for extra in setup.extra}
        decided |= set() if self._base is None else self._base.packages.keys()
        open_ = dict.fromkeys(name for probe in PROBES.values() for name in probe.packages if name not in decided)
        if setup.wheelhouse is not None:
            open_ = {name: None for name in open_ if wheels(setup.wheelhouse, name)}
        chosen = []
        for name, versions in versions_of(setup.repository, open_).items():
            if len(versions) == 1:
                chosen.append(f"{name}=={versions[0]}")
                self._progress.note(f"with {chosen[-1]}, as the repository pins it")
            elif versions:
                hint = f"--with {name}==VERSION decides"
                self._progress.note(f"{name} as it comes: the repository pins {', '.join(versions)}; {hint}")
        return tuple(chosen)
