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
    form: ReportFormatOption = "text",
) -> None:
    """Check a release's requirements against your other pins.

    For each conflict it shows the requirement, your pin, and the command that resolves the conflict. It changes no
    file of the repository.
    """
    from fi_bump.commands import audit as command

    online = online_of(index, allow_yanked, allow_prerelease)
    asked = command.AuditOptions(context.obj, tuple(targets or ()), online, form, resolve)
    sys.exit(guard(lambda: command.run(asked)))
