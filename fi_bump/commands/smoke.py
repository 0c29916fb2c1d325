"""`fi-bump smoke`: run the probes of the locked version in a separate interpreter, and report their verdict."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from fi_bump import user_files
from fi_bump.commands import bisect
from fi_bump.commands.probing import ended_by_signals, shown_progress
from fi_bump.errors import Exit, FiBumpError, UsageError
from fi_bump.releases.asking import Online, asking
from fi_bump.report.formats import SmokeFormat
from fi_bump.report.json.envelope import enveloped
from fi_bump.report.outputs import Output
from fi_bump.report.smoke import output
from fi_bump.report.smoke.listing import listing, listing_json
from fi_bump.repository import open_repository
from fi_bump.smoke import baseline, storage
from fi_bump.smoke.interpreter import existing
from fi_bump.smoke.merge import documents, merged
from fi_bump.smoke.progress import Progress
from fi_bump.smoke.ranges import is_limited, name_of, parse_sweep
from fi_bump.smoke.registry import PACKAGES, choose, group_of, sweepable
from fi_bump.smoke.session import Session, Setup
from fi_bump.smoke.shard import parse_shard
from fi_bump.smoke.sweep import unlimited
from fi_bump.terminal.output import say, say_next, write_document
from fi_bump.versions import canonical_version, same_version

# How often `--ab` runs each release: the fewest rounds that give an interval.
ROUNDS = 3

# What --compile-only compiles for: the only architecture with modules that are compiled ahead.
_ARCHITECTURE = "9.0a"


class SmokeOptions(NamedTuple):
    """The options of `smoke`, as on the command line."""

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
    compile_only: bool = False
    arch: str | None = None
    modules: str | None = None
    export_modules: str | None = None
    cache: str | None = None
    form: SmokeFormat = "table"
    outputs: tuple[str, ...] = ()
    baseline: str | None = None
    tolerance: float = 0.25
    against: str | None = None
    sweep: str | None = None
    tests: tuple[str, ...] = ()
    ab: str | None = None
    rounds: int | None = None
    shard: str | None = None
    merge: str | None = None


def run(options: SmokeOptions) -> int:
    """Run the probes, write and print the report, and return 0 for a green verdict, else 1."""
    if options.merge is not None:
        return _merged(options, options.merge)
    setup, outputs = _prepare(options)
    with ended_by_signals(), shown_progress() as progress:
        session = Session(setup._replace(told_unlimited=_told_unlimited(setup, progress)), progress)
        report = session.report()
    # The report comes before the modules: if those cannot be copied, the results of the run are not lost.
    output.leave(report, outputs, setup.repository)
    output.show(report, options.form, setup.repository)
    session.export_modules()
    if options.form == "table":
        failed = [problem.probe for problem in report.problems if problem.probe is not None]
        say_next(f"fi-bump explain {failed[0]}" if failed else "fi-bump pr-body" if report.ok else "fi-bump explain 1")
    return int(Exit.OK if report.ok else Exit.FINDINGS)


def _told_unlimited(setup: Setup, progress: Progress) -> bool:
    """Say, before anything is downloaded, if the release does not limit the swept package; return whether it was said.

    The index has the metadata of the wheel without the wheel. If it does not answer, the sweep says it later.
    """
    if setup.sweep is None or setup.sweep[1] or setup.python is not None or setup.wheelhouse is not None:
        return False
    repository, package = setup.repository, setup.sweep[0]
    try:
        with asking(repository.root, repository.lock, Online(), repository.scan()) as known:
            limited = is_limited(known, PACKAGES[0], setup.group.version, package)
    except FiBumpError:
        return False
    if limited is not False:
        return False
    progress.note(unlimited(package))
    return True


def list_probes(form: SmokeFormat = "table") -> int:
    """Print the probes with what each tests, finds and needs."""
    if form == "json":
        write_document(enveloped("smoke", Exit.OK, {"probes": listing_json()}))
    else:
        say(listing())
    return int(Exit.OK)


def _prepare(options: SmokeOptions) -> tuple[Setup, tuple[Output[SmokeFormat], ...]]:
    """Check all options, and return the setup of the run and the files for the report.

    All errors of the command line are raised here, as UsageError, because probes take minutes.
    """
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
    compile_for = _compile_for(options)
    # A required probe runs even if --only does not name it.
    probes = choose((*options.only, *options.require) if options.only else options.only)
    if compile_for and not any(probe.ahead for probe in probes):
        able = ", ".join(probe.name for probe in choose(()) if probe.ahead)
        raise UsageError("no chosen probe has modules that can be compiled ahead", hint=f"choose {able}")
    if options.export_modules is not None:
        storage.shared_folder(options.export_modules)
    setup = Setup(
        repository=repository,
        group=group,
        probes=probes,
        required=tuple(probe.name for probe in choose(options.require)) if options.require else None,
        python=options.python,
        base=None if options.base is None else existing(options.base, "--base"),
        wheelhouse=None if options.wheelhouse is None else os.path.abspath(options.wheelhouse),
        extra=options.extra,
        devices=options.devices,
        seconds=options.timeout,
        jit=options.jit,
        compile_for=compile_for,
        modules=None if options.modules is None else os.path.abspath(options.modules),
        export_modules=None if options.export_modules is None else os.path.abspath(options.export_modules),
        cache=storage.cache_folder(options.cache),
        baseline=None if options.baseline is None else baseline.load(options.baseline, group.name),
        tolerance=options.tolerance,
        against=None if options.against is None else canonical_version(options.against),
        sweep=swept,
        tests=options.tests,
        ab=None if options.ab is None else canonical_version(options.ab),
        rounds=ROUNDS if options.rounds is None else options.rounds,
        shard=parse_shard(options.shard),
    )
    if setup.ab is not None and same_version(setup.ab, group.version):
        message = f"--ab names {setup.ab}, which is the locked version"
        raise UsageError(message, hint="name another release")
    return setup, outputs


def _compile_for(options: SmokeOptions) -> str:
    """Return the compute capability to compile for, or nothing without --compile-only."""
    if not options.compile_only:
        if options.arch is not None:
            raise UsageError("--arch needs --compile-only", hint="add --compile-only, or leave out --arch")
        return ""
    match = re.fullmatch(r"([0-9]{1,2}\.[0-9])[af]?", options.arch or _ARCHITECTURE)
    if match is None:
        raise UsageError(f"'{options.arch}' is not an architecture", hint=f"write it like {_ARCHITECTURE}")
    return match[1]


def _merged(options: SmokeOptions, folder: str) -> int:
    """Join the reports of a folder, write and print the whole one, and return 0 for a green verdict, else 1."""
    default = SmokeOptions(options.root, form=options.form, outputs=options.outputs, merge=options.merge)
    if options._replace(cache=None, group=None) != default:
        message = "--merge runs nothing, so it can only be used with --format and --output"
        raise UsageError(message, hint="leave out the other options")
    repository = open_repository(options.root)
    found = documents(folder)
    if all(bisect.is_report(document) for _, document in found):
        return bisect.merge(repository, [path for path, _ in found], options.form, options.outputs)
    outputs = tuple(output.parse_output(text) for text in options.outputs)
    for each in outputs:
        user_files.refuse_unwritable(each.path)
    report = merged(found)
    output.leave(report, outputs, repository)
    output.show(report, options.form, repository)
    return int(Exit.OK if report.ok else Exit.FINDINGS)


def _refuse_contradictions(options: SmokeOptions) -> None:
    if options.python is not None and options.against is not None:
        message = "--against cannot be used with --python: it makes an environment for each release"
        raise UsageError(message, hint="leave out --against or --python")
    if options.base is not None and options.python is not None:
        message = "--base cannot be used with --python: --base makes an environment, --python uses an existing one"
        raise UsageError(message, hint="leave out --base or --python")
    if options.base is not None and options.sweep is not None:
        message = "--sweep cannot be used with --base: the base may contain the package that is swept"
        raise UsageError(message, hint="leave out --base")
    if options.python is not None and options.sweep is None and (options.wheelhouse is not None or options.extra):
        message = "--python cannot be used with --wheelhouse or --with: nothing is installed into that interpreter"
        raise UsageError(message, hint="leave out --wheelhouse and --with")
    measured = (options.require, options.tests, options.against, options.baseline, options.devices, options.sweep)
    if options.compile_only and any((*measured, options.ab)):
        message = (
            "--compile-only cannot be used with --require, --pytest, --against, --ab, --baseline, --devices or --sweep"
        )
        raise UsageError(message, hint="leave out the other options; --compile-only runs no kernel")
    if options.sweep is not None and (options.modules is not None or options.export_modules is not None):
        message = "--sweep cannot be used with --modules or --export-modules: a sweep keeps no modules"
        raise UsageError(message, hint="leave out --modules and --export-modules")
    if options.ab is not None and (options.python is not None or options.against is not None):
        message = "--ab makes an environment for each of two releases, so it cannot be used with --python or --against"
        raise UsageError(message, hint="leave out --python and --against")
    if options.ab is not None and (options.baseline is not None or options.sweep is not None):
        message = "--ab cannot be used with --baseline or --sweep: the other release is the baseline"
        raise UsageError(message, hint="leave out --baseline and --sweep")
    if options.rounds is not None and options.ab is None:
        raise UsageError("--repeat needs --ab", hint="add --ab VERSION")
    if options.shard is not None and options.ab is None and options.sweep is None:
        message = "--shard needs --sweep or --ab: a run of the locked version alone is not divided"
        raise UsageError(message, hint="leave out --shard, or add --sweep PACKAGE or --ab VERSION")
    others = (options.only, options.require, options.tests, options.against, options.baseline)
    if options.sweep is not None and any(others):
        message = "--sweep cannot be used with --only, --require, --pytest, --against or --baseline"
        raise UsageError(message, hint="leave out the other options; a sweep runs the probes that compile")
