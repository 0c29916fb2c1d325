"""The options of `fi-bump status`, which shows groups, versions and sites."""

import sys

import typer

from fi_bump.cli.options import ListFormatOption
from fi_bump.terminal.output import guard


def status_command(context: typer.Context, form: ListFormatOption = "text") -> None:
    """Show the groups, their versions, and where they are pinned."""
    from fi_bump.commands import status as command

    sys.exit(guard(lambda: command.run(context.obj, form)))
