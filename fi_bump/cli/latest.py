"""The options of `fi-bump latest`, which shows the newest version that all packages of a group have."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import (
    IndexOption,
    ListFormatOption,
    MinimumAgeOption,
    PrereleaseOption,
    ReleaseNotesOption,
    YankedOption,
    complete_groups,
    online_of,
)
from fi_bump.terminal.output import guard


def latest_command(
    context: typer.Context,
    groups: Annotated[
        list[str] | None,
        typer.Argument(metavar="GROUP", help="Groups to show. Default: all.", autocompletion=complete_groups),
    ] = None,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    min_age: MinimumAgeOption = None,
    release_notes: ReleaseNotesOption = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 when all packages of a group have a newer version.")
    ] = False,
    form: ListFormatOption = "text",
) -> None:
    """Show the newest version that all packages of a group have.

    The versions come from the package indexes. The newest version of each single package is shown too.
    """
    from fi_bump.commands import latest as command

    online = online_of(index, allow_yanked, allow_prerelease, min_age, release_notes=release_notes)
    asked = command.LatestOptions(context.obj, tuple(groups or ()), online, form, exit_code)
    sys.exit(guard(lambda: command.run(asked)))
