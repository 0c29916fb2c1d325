"""check: fail on drift."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import IndexOption, ReportFormat, ReportFormatOption, online_of
from fi_bump.commands import check as command
from fi_bump.terminal.output import guard


def check_command(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Read only these files or folders.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the tree follow the lock, then say what is left.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix changes, as a patch.")] = False,
    form: ReportFormatOption = ReportFormat.text,
    mentions: Annotated[
        bool, typer.Option("--mentions", help="List lines that name another version of a member and are no pins.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the package indexes whether the releases are there.")
    ] = False,
    index: IndexOption = None,
) -> None:
    """Fail when a pin is not at its version, or not in its place.

    Writes nothing without --fix, and needs neither git nor, without --online, a network.
    """
    asked = command.CheckOptions(context.obj, tuple(paths or ()), fix, diff, form.value, mentions)
    if online:
        asked = asked._replace(online=online_of(index, yanked=False, prerelease=False))
    sys.exit(guard(lambda: command.run(asked)))
