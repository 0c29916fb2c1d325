"""The options of `fi-bump check`, which fails when pins and lock differ."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import IndexOption, ReportFormatOption, asked_online
from fi_bump.terminal.output import guard


def check_command(
    context: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Check only these files or folders.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Change the pins to the locked version, then report what remains.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the changes that --fix makes, as a patch.")] = False,
    form: ReportFormatOption = "text",
    mentions: Annotated[
        bool,
        typer.Option("--mentions", help="Also list lines that mention another version of a package but are not pins."),
    ] = False,
    cold: Annotated[
        bool, typer.Option("--cold", help="Read every file, also those unchanged since the last check.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the package indexes whether the locked releases exist.")
    ] = False,
    index: IndexOption = None,
) -> None:
    """Fail when a pin has the wrong version or is not at its site.

    Without --fix it changes no file of the repository. It does not need git, and only --online uses the network.
    """
    from fi_bump.commands import check as command

    asked = command.CheckOptions(
        root=context.obj, paths=tuple(paths or ()), fix=fix, diff=diff, form=form, mentions=mentions, cold=cold
    )
    sys.exit(guard(lambda: command.run(asked._replace(online=asked_online(online, index)))))
