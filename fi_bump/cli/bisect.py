"""The options of `fi-bump bisect`, which finds the release in which something broke."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import IndexOption, complete_groups, complete_probes, online_of
from fi_bump.cli.smoke import Jit
from fi_bump.report.formats import BisectFormat
from fi_bump.terminal.output import guard


def bisect_command(
    context: typer.Context,
    good: Annotated[
        str | None, typer.Option(metavar="VERSION", help="A release that works; needed without --continue.")
    ] = None,
    bad: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            help="A release that does not work; needed without --continue. If it is the older one, bisect finds the "
            "release that repaired it.",
        ),
    ] = None,
    probe: Annotated[
        str | None,
        typer.Option(metavar="PROBE", help="Judge each release by this probe.", autocompletion=complete_probes),
    ] = None,
    expected: Annotated[
        str | None,
        typer.Option(
            "--expect",
            metavar="METRIC=VALUE",
            help="A release is good only if the probe reports this value, for example layout=legacy.",
        ),
    ] = None,
    tests: Annotated[
        list[str] | None,
        typer.Option("--pytest", metavar="PATH::TEST", help="Judge by this test of the repository (repeatable)."),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="COMMAND",
            help="Judge by this command: exit code 0 is good, 125 skips the release, any other one is bad.",
        ),
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Try releases of this dependency, with the group at its locked version."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The group to test. Default: the one that the probes are for.",
            autocompletion=complete_groups,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--continue", help="Go on with the bisection that was interrupted in this repository.")
    ] = False,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="VERSION", help="Do not try this release (repeatable)."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="K/N", help="Try every release of one part of N and do not halve; `smoke --merge` joins the parts."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Reuse the packages of this Python and install only what is missing."),
    ] = None,
    wheelhouse: Annotated[
        str | None, typer.Option(metavar="DIR", help="Take releases only from this folder of wheels, without network.")
    ] = None,
    extra: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="REQUIREMENT", help="Also install this requirement each time (repeatable)."),
    ] = None,
    devices: Annotated[
        str | None, typer.Option(metavar="0,1,…", help="The GPU to use. Default: the first GPU.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="The time limit for judging a release."),
    ] = None,
    jit: Annotated[Jit, typer.Option(help="How much of a kernel's module to compile, as in `smoke`.")] = Jit.auto,
    cache: Annotated[
        str | None, typer.Option(metavar="DIR", help="The folder for the state, logs and compiled modules.")
    ] = None,
    index: IndexOption = None,
    form: Annotated[BisectFormat, typer.Option("--format", help="The format of the report.")] = "text",
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="[FORMAT=]FILE", help="Also write the report to a file (repeatable)."),
    ] = None,
) -> None:
    """Find the release in which a probe or a test began to fail.

    It can also run a command of your own (--run).

    bisect makes an environment for each release that it tries, with everything else as in the first one, and halves the
    releases between the two versions. It prints the first bad release and what that release changed.
    """
    from fi_bump.commands import bisect as implementation

    asked = implementation.BisectOptions(
        root=context.obj,
        good=good,
        bad=bad,
        package=package,
        group=group,
        probe=probe,
        expected=expected,
        tests=tuple(tests or ()),
        command=command,
        resume=resume,
        skip=tuple(skip or ()),
        shard=shard,
        base=base,
        wheelhouse=wheelhouse,
        extra=tuple(extra or ()),
        devices=devices,
        timeout=timeout,
        jit=jit.value,
        cache=cache,
        online=online_of(index, False, False),
        form=form,
        outputs=tuple(output or ()),
    )
    sys.exit(guard(lambda: implementation.run(asked)))
