"""The options of `fi-bump status`, which shows groups, versions and sites."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import ListFormatOption
from fi_bump.terminal.output import guard


def status_command(
    context: typer.Context,
    ref: Annotated[
        str | None, typer.Option(metavar="REV", help="Show a git revision, a branch for example, without a checkout.")
    ] = None,
    form: ListFormatOption = "text",
) -> None:
    """Show the groups, their versions, and where they are pinned."""
    from fi_bump.commands import status as command

    sys.exit(guard(lambda: command.run(context.obj, form, ref)))
