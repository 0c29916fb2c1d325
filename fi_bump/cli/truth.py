"""audit and latest: what the package indexes say."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import (
    Format,
    FormatOption,
    IndexOption,
    PrereleaseOption,
    ReportFormat,
    ReportFormatOption,
    YankedOption,
    app,
    complete_groups,
    complete_targets,
    online_of,
)
from fi_bump.edge import guard


@app.command("latest")
def latest_command(
    context: typer.Context,
    groups: Annotated[
        list[str] | None,
        typer.Argument(metavar="GROUP", help="The groups to ask about; without, all.", autocompletion=complete_groups),
    ] = None,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 when a group is behind what all its members have.")
    ] = False,
    form: FormatOption = Format.text,
) -> None:
    """Show the newest version that every member has on its index.

    Each member's own newest stands beside it.
    """
    from fi_bump import latest

    online = online_of(index, allow_yanked, allow_prerelease)
    asked = latest.Options(context.obj, tuple(groups or ()), online, form.value, exit_code)
    sys.exit(guard(lambda: latest.run(asked)))


@app.command("audit")
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
    from fi_bump.audit import command

    online = online_of(index, allow_yanked, allow_prerelease)
    asked = command.Options(context.obj, tuple(targets or ()), online, form.value, resolve)
    sys.exit(guard(lambda: command.run(asked)))
