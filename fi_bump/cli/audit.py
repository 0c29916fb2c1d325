"""The options of `fi-bump audit`, which checks the requirements of releases against the repository's pins."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import (
    IndexOption,
    PrereleaseOption,
    ReportFormatOption,
    YankedOption,
    complete_targets,
    online_of,
)
from fi_bump.terminal.output import guard


def audit_command(
    context: typer.Context,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[GROUP==]VERSION",
            help="Versions to audit. Default: the locked versions.",
            autocompletion=complete_targets,
        ),
    ] = None,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    resolve: Annotated[bool, typer.Option("--resolve", help="Also let uv resolve the requirement files.")] = False,
    api: Annotated[
        bool, typer.Option("--api", help="Also compare the code's calls with the releases' signatures.")
    ] = False,
    package: Annotated[
        list[str] | None,
        typer.Option(
            "--package", metavar="NAME[==VERSION]", help="With --api, compare this pinned package too (repeatable)."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="VERSION", help="With --api, compare with this release, not the locked one."),
    ] = None,
    trace_notes: Annotated[
        bool,
        typer.Option(
            "--trace-notes", help="With --api, name the release that each note is from, also across many releases."
        ),
    ] = False,
    form: ReportFormatOption = "text",
) -> None:
    """Check a release's requirements against your other pins.

    For each conflict it shows the requirement, your pin, and the command that resolves the conflict. It changes no
    file of the repository.

    With --api it reads how your Python code uses the packages, and the sources of the releases, without installing
    either: it reports calls that break with the named version, and calls that do not fit the locked one.
    """
    from fi_bump.commands import audit as command

    online = online_of(index, allow_yanked, allow_prerelease)
    asked = command.AuditOptions(
        root=context.obj,
        targets=tuple(targets or ()),
        online=online,
        form=form,
        resolve=resolve,
        api=api,
        packages=tuple(package or ()),
        against=against,
        trace_notes=trace_notes,
    )
    sys.exit(guard(lambda: command.run(asked)))
