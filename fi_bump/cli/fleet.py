"""fleet: many checkouts at once."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import Format, FormatOption, IndexOption, PrereleaseOption, YankedOption, online_of
from fi_bump.terminal.output import guard


def fleet_command(
    context: typer.Context,
    folders: Annotated[list[str] | None, typer.Argument(metavar="DIR", help="Checkouts to look at.")] = None,
    repos: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file of their paths, a line each; # begins a comment.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="DIR", help="The checkout, or its name, that the others build on.")
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the package indexes for what every member has.")
    ] = False,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="Exit with 1 when one is behind, disagrees, has findings or stays unknown."),
    ] = False,
    form: FormatOption = Format.text,
) -> None:
    """Show many checkouts in one table: who is behind or drifts.

    Also who is in step, and who disagrees with the engine it builds on. Behind is a group whose version is older than
    the newest that another checkout has locked, or, with --online, than the newest that every member has. A checkout
    that cannot be read is a row, and stops no other. Writes nothing.
    """
    from fi_bump.commands import fleet as command

    asked = command.FleetOptions(
        context.obj,
        tuple(folders or ()),
        repos,
        engine,
        online_of(index, allow_yanked, allow_prerelease) if online else None,
        form.value,
        exit_code,
    )
    sys.exit(guard(lambda: command.run(asked)))
