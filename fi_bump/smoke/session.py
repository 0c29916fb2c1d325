"""One run of `smoke`: make an environment, inspect it, run the probes in it, and make the report."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from fi_bump.errors import FiBumpError
from fi_bump.lock.records import Group
from fi_bump.repository import Repository
from fi_bump.smoke import modules, storage, verdict
from fi_bump.smoke.ab_run import AbPlan, AbSide, AbSides, run_ab
from fi_bump.smoke.base_interpreter import Base, examine
from fi_bump.smoke.baseline import Baseline, compare
from fi_bump.smoke.beside import pinned_beside
from fi_bump.smoke.engine_tests import pytest_job
from fi_bump.smoke.environment import EnvironmentRequest, Maker, plain, wanted_for
from fi_bump.smoke.evidence import wheel_versions, wrong_version
from fi_bump.smoke.interpreter import Interpreter, existing, inspect
from fi_bump.smoke.model import SmokeReport, Target
from fi_bump.smoke.probes.protocol import ProbeRequest
from fi_bump.smoke.progress import INSTALL, Progress
from fi_bump.smoke.ranges import name_of
from fi_bump.smoke.registry import PACKAGES, PROBES, PYTEST, TARGET, Probe
from fi_bump.smoke.repository_pins import pins_of
from fi_bump.smoke.runner import choose_devices, compile_job, probe_job, run_jobs
from fi_bump.smoke.shard import Part, Shard
from fi_bump.smoke.site_folders import site_folders
from fi_bump.smoke.sweep import SweepPlan, sweep
from fi_bump.versions import same_version

# How long an interpreter may take to say where its packages are.
_SECONDS = 60.0


class Setup(NamedTuple):
    """The checked options of a run.

    `required` is None if the machine's GPUs decide. `seconds` is the time limit of each probe, or None for its own.
    `compile_for` is the compute capability to compile for without running anything, or empty.
    `sweep` is a package and its versions.
    """

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
    compile_for: str
    modules: str | None
    export_modules: str | None
    cache: str
    baseline: Baseline | None
    tolerance: float
    against: str | None
    sweep: tuple[str, tuple[str, ...]] | None
    tests: tuple[str, ...]
    ab: str | None = None
    rounds: int = 3
    shard: Shard | None = None
    told_unlimited: bool = False


class Session:
    """A run of `smoke`, which reports its progress to `progress`."""

    def __init__(self, setup: Setup, progress: Progress) -> None:
        self._setup = setup
        self._progress = progress
        self._maker = Maker(storage.folder(setup.cache), lambda line: progress.line(INSTALL, line))

    def report(self) -> SmokeReport:
        """Run everything that the setup asks for, and return the report.

        Raises FiBumpError when an environment cannot be made or an interpreter cannot be used.
        """
        version = self._setup.group.version
        if self._setup.sweep is not None:
            return self._swept(version, *self._setup.sweep)
        self._take_modules()
        if self._setup.ab is not None:
            return self._beside_each_other(version, self._setup.ab)
        versions = [version] if self._setup.against is None else [version, self._setup.against]
        # Make all environments before the first probe, so that a failed installation does not waste minutes of probes.
        locked, *others = [self._target(each) for each in versions]
        report = self._examined(*locked, self._setup.baseline)
        for other in others:
            self._progress.note(f"for comparison: {self._setup.group.name} {self._setup.against}")
            report = report._replace(against=self._examined(*other, None))
        return report

    def export_modules(self) -> None:
        """Copy the compiled modules of the releases that ran to where the setup wants them. Raises FileError."""
        setup = self._setup
        if setup.export_modules is not None:
            kept = modules.kept_in(setup.cache)
            target = storage.shared_folder(setup.export_modules)
            versions = filter(None, (setup.group.version, setup.against, setup.ab))
            files = sum(modules.export(kept, target, version).files for version in versions)
            self._progress.note(f"copied {files} files of compiled modules to {setup.export_modules}")

    def _examined(
        self, interpreter: Interpreter, request: ProbeRequest, target: Target, baseline: Baseline | None
    ) -> SmokeReport:
        """Run the probes of one release and return their report."""
        setup = self._setup
        if setup.compile_for:
            return self._compiled(interpreter, request, target)
        devices = choose_devices(target, setup.devices)
        jobs = [probe_job(probe, interpreter, request, devices, setup.seconds) for probe in setup.probes]
        if setup.tests:
            jobs.append(pytest_job(setup.tests, setup.repository.root, interpreter, setup.seconds))
        reports = run_jobs(jobs, devices, self._progress)
        required = verdict.default_required(setup.probes, devices) if setup.required is None else setup.required
        required += (PYTEST,) if setup.tests else ()
        comparison = None if baseline is None else compare(baseline, reports, setup.tolerance)
        runnable = verdict.runnable(setup.probes, devices)
        problems = verdict.problems(reports, required, runnable, comparison, setup.tests)
        name = setup.group.name
        return SmokeReport(
            ok=not problems,
            group=name,
            version=request.version,
            target=target,
            required=required,
            problems=problems,
            probes=tuple(reports),
            comparison=comparison,
        )

    def _compiled(self, interpreter: Interpreter, request: ProbeRequest, target: Target) -> SmokeReport:
        """Compile what the probes load, without a GPU even if there is one, and return the report."""
        setup = self._setup
        chosen = [probe for probe in setup.probes if probe.ahead]
        question = replace(request, compile_for=setup.compile_for)
        jobs = [compile_job(probe, interpreter, question, setup.seconds) for probe in chosen]
        reports = run_jobs(jobs, (), self._progress)
        required = tuple(probe.name for probe in chosen)
        problems = verdict.problems(reports, required, ())
        return SmokeReport(
            ok=not problems,
            group=setup.group.name,
            version=request.version,
            target=target,
            required=required,
            problems=problems,
            probes=tuple(reports),
        )

    def _take_modules(self) -> None:
        if self._setup.modules is not None:
            # Runs that share a folder find it empty at first.
            filled = self._setup.modules != self._setup.export_modules
            moved = modules.take(self._setup.modules, modules.kept_in(self._setup.cache), filled=filled)
            self._progress.note(f"copied {moved.files} files of compiled modules from {self._setup.modules}")

    def _swept(self, version: str, package: str, versions: tuple[str, ...]) -> SmokeReport:
        """Sweep the releases of one package with the locked version, and return the report."""
        setup = self._setup
        interpreter, request, target = self._target(version)
        installed = target.packages.get(PACKAGES[0])
        if installed is None or not same_version(installed.partition("+")[0], version):
            # A sweep reads the allowed releases from the installed metadata, which must be the locked version's.
            has = f"{PACKAGES[0]} {installed}" if installed else f"no {PACKAGES[0]}"
            message = f"this interpreter has {has}, but the lock says {version}"
            hint = "leave out --python, so that the sweep installs the locked version"
            raise FiBumpError(message, place=interpreter.python, hint=hint)
        plan = SweepPlan(
            package,
            versions,
            wanted=self._wanted(version),
            request=request,
            seconds=setup.seconds,
            shard=setup.shard,
            told=setup.told_unlimited,
        )
        pins = pins_of(setup.repository, package)
        swept, planned = sweep(plan, target, interpreter, self._maker, self._progress, pins)
        problems = verdict.sweep_problems(swept) if setup.shard is None else ()
        return SmokeReport(
            ok=not problems,
            group=setup.group.name,
            version=version,
            target=target,
            required=(),
            problems=problems,
            probes=(),
            sweep=swept,
            part=None if setup.shard is None else Part(setup.shard.number, setup.shard.of, planned),
        )

    def _beside_each_other(self, version: str, other: str) -> SmokeReport:
        """Run both releases in turn, each in an environment with the same packages beside it, and compare them."""
        setup = self._setup
        locked = self._target(version)
        held = self._held(locked[2])
        self._progress.note(f"both releases have {' '.join(held)}" if held else "nothing is held beside the releases")
        sides = AbSides(AbSide(*locked), AbSide(*self._target(other, held)))
        plan = AbPlan(
            probes=setup.probes,
            required=setup.required,
            tests=setup.tests,
            root=setup.repository.root,
            devices=setup.devices,
            seconds=setup.seconds,
            rounds=setup.rounds,
            shard=setup.shard,
            held=held,
        )
        return run_ab(plan, sides, setup.group.name, self._progress)

    def _held(self, target: Target) -> tuple[str, ...]:
        """Return requirements that give another release the same packages beside it: those that the probes use."""
        setup = self._setup
        named = (*setup.extra, *self._beside)
        decided = {member.name for member in setup.group.packages} | set(map(name_of, named))
        decided |= set() if self._base is None else self._base.packages.keys()
        names = sorted({name for probe in PROBES.values() for name in probe.packages} - decided)
        # The local label (+cu130) is dropped: it does not name another release, and an index may not have it.
        held = tuple(f"{name}=={target.packages[name].partition('+')[0]}" for name in names if name in target.packages)
        return (*named, *held)

    def _target(self, version: str, held: tuple[str, ...] = ()) -> tuple[Interpreter, ProbeRequest, Target]:
        """Return the interpreter for a release, the request for its probes, and its description.

        `held` are requirements of its environment.
        """
        setup = self._setup
        if setup.python is not None:
            python = existing(setup.python)
        else:
            wanted = self._wanted(version)
            more = [each for each in held if each not in wanted.requirements]
            wanted = wanted._replace(requirements=(*wanted.requirements, *more))
            self._progress.note(f"making an environment with {' '.join(wanted.requirements)}")
            python = self._maker.make(wanted)
        runs = storage.folder(setup.cache, "runs")
        folder = storage.fresh_folder(runs, f"{setup.group.name}-{version}")
        self._progress.note(f"output is kept in {folder}")
        interpreter = Interpreter(python, folder, None if self._base is None else self._base.tools)
        packages = {member.name: member.label for member in setup.group.packages}
        cache = storage.folder(setup.cache, "jit")
        request = ProbeRequest(
            probe=TARGET, group=setup.group.name, version=version, packages=packages, cache=cache, jit=setup.jit
        )
        target = inspect(interpreter, request, setup.seconds)
        base = () if self._base is None else self._base.folders
        folders = (*base, *site_folders(python, interpreter.environment(), _SECONDS))
        minor = ".".join(target.python.split(".")[:2])
        wrong = wrong_version(target.packages, wheel_versions(python, minor, packages, folders))
        if wrong is not None:
            raise FiBumpError(wrong, place=python, hint=f"see its output in {interpreter.log(TARGET)}")
        return interpreter, request, target

    def _wanted(self, version: str) -> EnvironmentRequest:
        setup = self._setup
        return wanted_for(setup.group, version, setup.wheelhouse, (*setup.extra, *self._beside), self._base)

    @cached_property
    def _base(self) -> Base | None:
        """The base of the environments, or None without `--base`."""
        if self._setup.base is None:
            return None
        log = os.path.join(storage.folder(self._setup.cache, "environments"), "base.log")
        return examine(self._setup.base, log, plain(), self._setup.seconds)

    @cached_property
    def _beside(self) -> tuple[str, ...]:
        """The requirements for packages that the probes depend on, at the versions that the repository pins.

        Left out are the group's members, packages named by --with, packages of the base, and packages that the
        wheelhouse lacks. With --python nothing is installed, so there are none.
        """
        setup = self._setup
        if setup.python is not None:
            return ()
        decided = {member.name for member in setup.group.packages} | {name_of(extra) for extra in setup.extra}
        decided |= set() if self._base is None else self._base.packages.keys()
        return pinned_beside(setup.repository, decided, setup.wheelhouse, self._progress.note)
