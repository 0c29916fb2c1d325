"""The options of `fi-bump smoke`, which runs the probes of the locked version on a GPU."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from fi_bump.cli.options import complete_groups, complete_probes
from fi_bump.report.formats import SmokeFormat
from fi_bump.terminal.output import guard


class Jit(StrEnum):
    """How much of a kernel's module (the unit that FlashInfer compiles) the probes compile."""

    auto = "auto"
    quick = "quick"
    path = "path"
    full = "full"


def smoke_command(
    context: typer.Context,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PROBE", help="Run only this probe (repeatable).", autocompletion=complete_probes),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROBE",
            help="Fail unless this probe ran (repeatable). Default: the probes that can run on this machine.",
            autocompletion=complete_probes,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The group to test. Default: the group with flashinfer-python.",
            autocompletion=complete_groups,
        ),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Probe the packages of this Python, without an environment. Not with --base, --against, --ab; "
            "with --wheelhouse or --with only for a --sweep.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Reuse the packages of this Python (for example the engine's) and install only what is missing.",
        ),
    ] = None,
    wheelhouse: Annotated[
        str | None, typer.Option(metavar="DIR", help="Install only from this folder of wheels, without network.")
    ] = None,
    extra: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="REQUIREMENT", help="Also install this requirement (repeatable)."),
    ] = None,
    devices: Annotated[
        str | None, typer.Option(metavar="0,1,…", help="The GPUs that share the probes. Default: the first GPU.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="The time limit of each probe, and of asking the interpreter what it has. Default: their own limits.",
        ),
    ] = None,
    jit: Annotated[
        Jit,
        typer.Option(
            help="How much of a kernel's module to compile: what a verdict needs (quick), also what times need (path), "
            "or everything (full). auto is quick where the wheel allows it."
        ),
    ] = Jit.auto,
    compile_only: Annotated[
        bool,
        typer.Option(
            "--compile-only",
            help="Only compile what the probes load, for --arch; needs nvcc, no GPU. "
            "Not with --require, --pytest, --against, --ab, --baseline, --devices, --sweep.",
        ),
    ] = False,
    arch: Annotated[
        str | None,
        typer.Option(metavar="ARCH", help="The GPU architecture for --compile-only, such as 10.0a. Default: 9.0a."),
    ] = None,
    modules: Annotated[
        str | None, typer.Option(metavar="DIR", help="Load the compiled modules that another run exported to DIR.")
    ] = None,
    export_modules: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Copy the compiled modules to DIR after the run. Runs can share one DIR."),
    ] = None,
    cache: Annotated[
        str | None, typer.Option(metavar="DIR", help="The folder for environments, logs and compiled modules.")
    ] = None,
    form: Annotated[SmokeFormat, typer.Option("--format", help="The format of the report.")] = "table",
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="[FORMAT=]FILE", help="Also write the report to a file (repeatable)."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="An earlier JSON report. A probe that already failed there may fail again."),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SHARE",
            help="Report errors and times that changed by more than this share of the old value.",
        ),
    ] = 0.25,
    against: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Also probe this release and compare it with the locked one.")
    ] = None,
    ab: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            help="Run this release and the locked one in turn, with the same packages beside them, and compare. "
            "Not with --python, --against, --baseline, --sweep.",
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--repeat", min=1, metavar="N", help="How often --ab runs each release; only with --ab. Default: 3."
        ),
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            metavar="PACKAGE[==V,…]",
            help="Compile with each release of a dependency, such as nvidia-cutlass-dsl; needs no GPU. Not with "
            "--only, --require, --pytest, --against, --ab, --baseline, --base, --modules, --export-modules.",
        ),
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="List the probes: what each tests, where it runs and how long it takes.")
    ] = False,
    tests: Annotated[
        list[str] | None,
        typer.Option("--pytest", metavar="PATH::TEST", help="Also run this test of the repository (repeatable)."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="K/N", help="Run only one part of N of a --sweep or an --ab, on one of N machines."),
    ] = None,
    merge: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Run nothing; join the JSON reports below DIR that the parts of --shard wrote. Only with --format and "
            "--output.",
        ),
    ] = None,
) -> None:
    """Test the locked version by running its kernels on this GPU.

    Each probe runs a kernel and compares the result with a reference. smoke fails when a probe fails, or when a
    required probe did not run. Without a GPU it only runs the probes that compile.
    """
    from fi_bump.commands import smoke as command

    if show_list:
        sys.exit(guard(lambda: command.list_probes(form)))
    asked = command.SmokeOptions(
        root=context.obj,
        group=group,
        only=tuple(only or ()),
        require=tuple(require or ()),
        python=python,
        base=base,
        wheelhouse=wheelhouse,
        extra=tuple(extra or ()),
        devices=devices,
        timeout=timeout,
        jit=jit.value,
        compile_only=compile_only,
        arch=arch,
        modules=modules,
        export_modules=export_modules,
        cache=cache,
        form=form,
        outputs=tuple(output or ()),
        baseline=baseline,
        tolerance=tolerance,
        against=against,
        sweep=sweep,
        tests=tuple(tests or ()),
        ab=ab,
        rounds=rounds,
        shard=shard,
        merge=merge,
    )
    sys.exit(guard(lambda: command.run(asked)))
