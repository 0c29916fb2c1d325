"""`fi-bump smoke`: the verdict of the probes on the locked version, in an interpreter of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NamedTuple

from fi_bump import user_files
from fi_bump.errors import Exit, UsageError
from fi_bump.report.smoke import output
from fi_bump.report.smoke.output import Output, SmokeFormat
from fi_bump.repository import open_repository
from fi_bump.smoke import baseline, storage
from fi_bump.smoke.interpreter import existing
from fi_bump.smoke.progress import Progress
from fi_bump.smoke.ranges import name_of, parse_sweep
from fi_bump.smoke.registry import choose, group_of, sweepable
from fi_bump.smoke.session import Session, Setup
from fi_bump.versions import canonical_version


class SmokeOptions(NamedTuple):
    """What `smoke` was asked for, as on the command line."""

    root: str
    group: str | None = None
    only: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    python: str | None = None
    base: str | None = None
    wheelhouse: str | None = None
    extra: tuple[str, ...] = ()
    devices: str | None = None
    timeout: float | None = None
    jit: str = "auto"
    cache: str | None = None
    form: SmokeFormat = SmokeFormat.table
    outputs: tuple[str, ...] = ()
    baseline: str | None = None
    tolerance: float = 0.25
    against: str | None = None
    sweep: str | None = None
    tests: tuple[str, ...] = ()


def run(options: SmokeOptions) -> int:
    """Run the probes, print and leave the report, and return 0 when every required probe said what it must, else 1."""
    setup, outputs = _prepare(options)
    with _ended_by_signals(), _progress() as progress:
        report = Session(setup, progress).report()
    output.leave(report, outputs, setup.repository)
    output.show(report, options.form, setup.repository)
    return int(Exit.OK if report.ok else Exit.FINDINGS)


def _prepare(options: SmokeOptions) -> tuple[Setup, tuple[Output, ...]]:
    """Everything that can be wrong with the command line is said before the first probe runs."""
    repository = open_repository(options.root)
    group = group_of(repository.lock, options.group)
    for requirement in options.extra:
        name_of(requirement)
    _refuse_contradictions(options)
    outputs = tuple(output.parse_output(text) for text in options.outputs)
    for each in outputs:
        user_files.refuse_unwritable(each.path)
    swept = None if options.sweep is None else parse_sweep(options.sweep)
    if swept is not None:
        sweepable(swept[0])
    setup = Setup(
        repository=repository,
        group=group,
        # What is required is run, also when --only leaves it out.
        probes=choose((*options.only, *options.require) if options.only else options.only),
        required=tuple(probe.name for probe in choose(options.require)) if options.require else None,
        python=options.python,
        base=None if options.base is None else existing(options.base, "--base"),
        wheelhouse=None if options.wheelhouse is None else os.path.abspath(options.wheelhouse),
        extra=options.extra,
        devices=options.devices,
        seconds=options.timeout,
        jit=options.jit,
        cache=storage.cache_folder(options.cache),
        baseline=None if options.baseline is None else baseline.load(options.baseline, group.name),
        tolerance=options.tolerance,
        against=None if options.against is None else canonical_version(options.against),
        sweep=swept,
        tests=options.tests,
    )
    return setup, outputs


def _refuse_contradictions(options: SmokeOptions) -> None:
    if options.python is not None and options.against is not None:
        hint = "without --python each release gets an environment"
        raise UsageError(
            "--against needs an environment for each release, and --python names one that is there", hint=hint
        )
    if options.base is not None and options.python is not None:
        hint = "leave one of them out"
        raise UsageError("--base is what an environment is made on, and --python names one that is there", hint=hint)
    if options.base is not None and options.sweep is not None:
        hint = "leave --base out"
        raise UsageError("--sweep needs environments of its own: the base may hold what is swept", hint=hint)
    if options.python is not None and options.sweep is None and (options.wheelhouse is not None or options.extra):
        raise UsageError(
            "nothing is installed into the interpreter of --python", hint="leave --wheelhouse and --with out"
        )
    others = (options.only, options.require, options.tests, options.against, options.baseline)
    if options.sweep is not None and any(others):
        hint = "it runs the probes that compile, for each release"
        raise UsageError("--sweep goes alone: no --only, --require, --pytest, --against or --baseline", hint=hint)


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """Live on a terminal, plain lines otherwise; both on standard error."""
    from fi_bump.report.smoke.progress import Live, Plain

    if sys.stderr.isatty():
        with Live() as live:
            yield live
    else:
        yield Plain(sys.stderr)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take the signals that end a job in CI as an interrupt: probes are in sessions of their own and would stay."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
