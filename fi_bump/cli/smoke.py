"""smoke: the GPU stage."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from fi_bump.cli.options import complete_groups, complete_probes
from fi_bump.report.smoke.output import SmokeFormat
from fi_bump.terminal.output import guard


class Jit(StrEnum):
    """How much of a kernel's module the probes compile."""

    auto = "auto"
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
            help="Fail unless it ran (repeatable). Default: those that can run here.",
            autocompletion=complete_probes,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The lock's group. Default: the one the probes are for.",
            autocompletion=complete_groups,
        ),
    ] = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="Probe this interpreter instead of an environment made for it.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Make the environment on this interpreter's packages: an engine's, say."),
    ] = None,
    wheelhouse: Annotated[
        str | None, typer.Option(metavar="DIR", help="Install from this folder of wheels alone, without network.")
    ] = None,
    extra: Annotated[
        list[str] | None, typer.Option("--with", metavar="REQUIREMENT", help="Install this too (repeatable).")
    ] = None,
    devices: Annotated[
        str | None, typer.Option(metavar="0,1,…", help="GPUs to spread the probes over. Default: the first.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, metavar="SECONDS", help="The limit of each probe, instead of its own.")
    ] = None,
    jit: Annotated[
        Jit, typer.Option(help="Compile what a probe reaches (path), all of it (full), or what suits the wheel.")
    ] = Jit.auto,
    cache: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where environments, logs and compiled modules are kept.")
    ] = None,
    form: Annotated[SmokeFormat, typer.Option("--format", help="How to print the report.")] = SmokeFormat.table,
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="[FORMAT=]FILE", help="Leave the report in a file too (repeatable)."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="An earlier JSON report: failures that stand there do not block.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, metavar="SHARE", help="Report errors and times that moved by more than this.")
    ] = 0.25,
    against: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Run another release beside the locked one.")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="PACKAGE[==V,…]", help="Try the releases of a dependency; needs no GPU."),
    ] = None,
    tests: Annotated[
        list[str] | None, typer.Option("--pytest", metavar="PATH::TEST", help="Run an engine's own tests (repeatable).")
    ] = None,
) -> None:
    """Judge the locked version by running its kernels on a GPU.

    They run on this machine, against a reference. Fails when a probe fails, and when a required one was not run.
    Without a GPU it compiles what can be compiled.
    """
    from fi_bump.commands import smoke as command

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
        cache=cache,
        form=form,
        outputs=tuple(output or ()),
        baseline=baseline,
        tolerance=tolerance,
        against=against,
        sweep=sweep,
        tests=tuple(tests or ()),
    )
    sys.exit(guard(lambda: command.run(asked)))
