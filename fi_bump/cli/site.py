"""site add, move and remove: the recorded places."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import HELP_NAMES, complete_groups, complete_sites
from fi_bump.commands import site as command
from fi_bump.terminal.output import guard

site_app = typer.Typer(
    help="Record where a pin stands, re-point a site, or forget it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=HELP_NAMES,
)


@site_app.command("add")
def site_add(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="PATH#ANCHOR, or PATH:LINE as check prints it.")],
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The group, where several could own the place.", autocompletion=complete_groups
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A line's text with {version} in it, once in the file.")
    ] = None,
) -> None:
    """Record a pin under a group.

    A place that no finder knows (a constant, an assert, a comment) is recorded by its text: PATH:LINE with --group
    takes the line as it stands, --text 'expected = "{version}"' says it exactly.
    """
    sys.exit(guard(lambda: command.add_site(context.obj, place, group, text)))


@site_app.command("move")
def site_move(
    context: typer.Context,
    old: Annotated[
        str,
        typer.Argument(metavar="SITE", help="The recorded site, as status lists it.", autocompletion=complete_sites),
    ],
    new: Annotated[str, typer.Argument(metavar="PLACE", help="Where its pin stands now: PATH#ANCHOR or PATH:LINE.")],
) -> None:
    """Re-point a recorded site: a variable was renamed, a file moved."""
    sys.exit(guard(lambda: command.move_site(context.obj, old, new)))


@site_app.command("remove")
def site_remove(
    context: typer.Context,
    site: Annotated[
        str,
        typer.Argument(metavar="SITE", help="The recorded site, as status lists it.", autocompletion=complete_sites),
    ],
) -> None:
    """Forget a recorded site."""
    sys.exit(guard(lambda: command.remove_site(context.obj, site)))
