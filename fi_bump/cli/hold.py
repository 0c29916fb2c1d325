"""The options of `fi-bump hold`, which records that a group stays behind on purpose."""

from typing import Annotated

import typer

from fi_bump.cli.options import ListFormatOption, complete_groups, leave
from fi_bump.errors import UsageError


def hold_command(
    context: typer.Context,
    group: Annotated[str, typer.Argument(metavar="GROUP", help="A group of the lock.", autocompletion=complete_groups)],
    reason: Annotated[str | None, typer.Argument(metavar="REASON", help="Why it stays behind: one line.")] = None,
    off: Annotated[bool, typer.Option("--off", help="The group is not held any more.")] = False,
    form: ListFormatOption = "text",
) -> None:
    """Record why a group stays behind newer releases on purpose.

    The reason is in the lock. fleet then does not report the group as behind, and shows the reason. set moves the group
    all the same.
    """
    from fi_bump.commands import hold as command

    def hold() -> int:
        if (reason is None) != off:
            raise UsageError("the command needs either a reason or --off", hint="write why it stays behind, or --off")
        return command.run(context.obj, group, reason)

    leave("hold", form, hold)
