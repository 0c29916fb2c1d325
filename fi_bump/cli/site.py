"""The options of `fi-bump site add`, `site move` and `site remove`, which edit the recorded sites."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.groups import Commands
from fi_bump.cli.options import HELP_NAMES, complete_groups, complete_sites
from fi_bump.terminal.output import guard

site_app = typer.Typer(
    cls=Commands,
    help="Record a pin as a site, re-point a site, or remove it.",
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
            metavar="NAME",
            help="The group of the pin, if several groups could own it.",
            autocompletion=complete_groups,
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Text of a line, with {version} for the version; it must occur once in the file."
        ),
    ] = None,
) -> None:
    """Record a pin as a site of a group.

    A version that fi-bump does not recognise as a pin (in a constant, an assert, a comment) is recorded by the text
    around it. PATH:LINE with --group records the text of that line; --text 'expected = "{version}"' gives the text.
    """
    from fi_bump.commands import site as command

    sys.exit(guard(lambda: command.add_site(context.obj, place, group, text)))


@site_app.command("move")
def site_move(
    context: typer.Context,
    old: Annotated[
        str,
        typer.Argument(metavar="SITE", help="The recorded site, as status lists it.", autocompletion=complete_sites),
    ],
    new: Annotated[str, typer.Argument(metavar="PLACE", help="Where the pin is now: PATH#ANCHOR or PATH:LINE.")],
) -> None:
    """Re-point a recorded site after a variable was renamed or a file was moved."""
    from fi_bump.commands import site as command

    sys.exit(guard(lambda: command.move_site(context.obj, old, new)))


@site_app.command("remove")
def site_remove(
    context: typer.Context,
    site: Annotated[
        str,
        typer.Argument(metavar="SITE", help="The recorded site, as status lists it.", autocompletion=complete_sites),
    ],
) -> None:
    """Remove a recorded site from the lock. The file with the pin stays as it is."""
    from fi_bump.commands import site as command

    sys.exit(guard(lambda: command.remove_site(context.obj, site)))
