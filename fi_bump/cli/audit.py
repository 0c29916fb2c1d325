"""audit: what releases require against what the repository pins."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import (
    IndexOption,
    PrereleaseOption,
    ReportFormat,
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
            help="Versions to try; without, the locked ones.",
            autocompletion=complete_targets,
        ),
    ] = None,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    resolve: Annotated[bool, typer.Option("--resolve", help="Also let uv resolve the requirement files.")] = False,
    form: ReportFormatOption = ReportFormat.text,
) -> None:
    """Hold what releases require against what the repository pins.

    Conflicts are shown with both places and the command that ends them. Writes nothing.
    """
    from fi_bump.commands import audit as command

    online = online_of(index, allow_yanked, allow_prerelease)
    asked = command.AuditOptions(context.obj, tuple(targets or ()), online, form.value, resolve)
    sys.exit(guard(lambda: command.run(asked)))
