"""The options of `fi-bump fleet`, which compares many checkouts."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import (
    IndexOption,
    ListFormatOption,
    PrereleaseOption,
    YankedOption,
    asked_online,
)
from fi_bump.terminal.output import guard


def fleet_command(
    context: typer.Context,
    folders: Annotated[
        list[str] | None,
        typer.Argument(metavar="DIR", help="Folders of the checkouts to compare; with --refs, also more patterns."),
    ] = None,
    refs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Compare the branches that match, for example main or 'release/*', without a checkout (repeatable).",
        ),
    ] = None,
    repos: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A file with one checkout's folder per line; # begins a comment."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="The folder or name of the checkout that the others build on."),
    ] = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Also ask the package indexes for the newest version of each whole group."),
    ] = False,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="Exit with 1 when a checkout is behind, disagrees, has findings, or could not be compared.",
        ),
    ] = False,
    form: ListFormatOption = "text",
) -> None:
    """Compare checkouts or branches in one table: which are behind.

    It also shows which checkouts are in step, and which disagree with the engine that they build on. A group is behind
    when another checkout has locked a newer version or, with --online, when all packages of the group have a newer
    version on their indexes. A checkout that cannot be read gets a row that says why. It changes no file.

    With --refs it reads git's objects: the branches of each DIR, or of this folder's repository. A group that its lock
    holds (fi-bump hold) is not behind.
    """
    from fi_bump.commands import fleet as command

    asked = command.FleetOptions(
        root=context.obj,
        folders=tuple(folders or ()),
        refs=tuple(refs or ()),
        repos=repos,
        engine=engine,
        form=form,
        exit_code=exit_code,
    )

    def fleet() -> int:
        return command.run(asked._replace(online=asked_online(online, index, allow_yanked, allow_prerelease)))

    sys.exit(guard(fleet))
