"""The options of `fi-bump undo`, which takes back the last change that fi-bump wrote."""

from typing import Annotated

import typer

from fi_bump.cli.options import ListFormatOption, leave


def undo_command(
    context: typer.Context,
    listing: Annotated[
        bool, typer.Option("--list", help="List the recorded changes, the last one first; change no file.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print what would change as a patch for git apply, and the rest on standard error; change no file.",
        ),
    ] = False,
    form: ListFormatOption = "text",
) -> None:
    """Take back the last change that fi-bump wrote here.

    It restores every file that set, check --fix, init, site, member, hold, resolve or template wrote. What you have
    edited in other lines since then stays; if you have edited the same lines, nothing is changed. Run it again to take
    back the change before. The records of the last 20 changes are inside .git; without git nothing is recorded.
    """
    from fi_bump.commands import undo as command

    asked = command.UndoOptions(context.obj, listing, dry_run)
    leave("undo", form, lambda: command.run(asked), "patch" if dry_run and not listing else None)
