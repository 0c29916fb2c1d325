"""The options of `fi-bump site add`, `site move` and `site remove`, which edit the recorded sites."""

from typing import Annotated

import typer

from fi_bump.cli.examples import examples
from fi_bump.cli.help import Commands, HelpfulCommand
from fi_bump.cli.options import HELP_NAMES, ListFormatOption, complete_groups, complete_sites, leave

site_app = typer.Typer(
    cls=Commands,
    help="Record a pin as a site, re-point a site, or remove it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=HELP_NAMES,
)


@site_app.command("add", cls=HelpfulCommand, epilog=examples("site add"))
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
    form: ListFormatOption = "text",
) -> None:
    """Record a pin as a site of a group.

    A version that fi-bump does not recognise as a pin (in a constant, an assert, a comment) is recorded by the text
    around it. PATH:LINE with --group records the text of that line; --text 'expected = "{version}"' gives the text.
    """
    from fi_bump.commands import site as command

    leave("site add", form, lambda: command.add_site(context.obj, place, group, text))


@site_app.command("move", cls=HelpfulCommand, epilog=examples("site move"))
def site_move(
    context: typer.Context,
    old: Annotated[
        str,
        typer.Argument(metavar="SITE", help="The recorded site, as status lists it.", autocompletion=complete_sites),
    ],
    new: Annotated[str, typer.Argument(metavar="PLACE", help="Where the pin is now: PATH#ANCHOR or PATH:LINE.")],
    form: ListFormatOption = "text",
) -> None:
    """Re-point a site after a variable or a file was renamed.

    The lock then names the new place; the file with the pin stays as it is.
    """
    from fi_bump.commands import site as command

    leave("site move", form, lambda: command.move_site(context.obj, old, new))


@site_app.command("remove", cls=HelpfulCommand, epilog=examples("site remove"))
def site_remove(
    context: typer.Context,
    site: Annotated[
        str,
        typer.Argument(metavar="SITE", help="The recorded site, as status lists it.", autocompletion=complete_sites),
    ],
    form: ListFormatOption = "text",
) -> None:
    """Remove a recorded site from the lock. The file with the pin stays as it is."""
    from fi_bump.commands import site as command

    leave("site remove", form, lambda: command.remove_site(context.obj, site))
