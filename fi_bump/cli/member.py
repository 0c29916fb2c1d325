"""The options of `fi-bump member add`, `member remove` and `member set`, which edit the packages of a group."""

from typing import Annotated

import typer

from fi_bump.cli.examples import examples
from fi_bump.cli.help import HelpfulCommand
from fi_bump.cli.options import HELP_NAMES, ListFormatOption, complete_groups, complete_members, leave

member_app = typer.Typer(
    help="Add a package to a group, remove it, or record its index.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=HELP_NAMES,
)

Package = Annotated[str, typer.Argument(metavar="PACKAGE", help="The name of the package.")]
Member = Annotated[
    str, typer.Argument(metavar="PACKAGE", help="A package of a group.", autocompletion=complete_members)
]
GroupOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The group, if there are several.", autocompletion=complete_groups),
]
OwnIndexOption = Annotated[
    list[str] | None,
    typer.Option(
        "--index",
        metavar="URL",
        help="An index of the package (repeatable, in order). The word default stands for the configured indexes.",
    ),
]
LabelOption = Annotated[
    str | None, typer.Option("--label", metavar="LABEL", help="The local version label of its releases, such as cu130.")
]


@member_app.command("add", cls=HelpfulCommand, epilog=examples("member add"))
def member_add(
    context: typer.Context,
    package: Package,
    group: GroupOption = None,
    index: OwnIndexOption = None,
    label: LabelOption = None,
    form: ListFormatOption = "text",
) -> None:
    """Add a package to a group, so that its pins move with the group.

    From now on set moves the package's pins together with the others of the group.
    """
    from fi_bump.commands import member as command

    options = command.MemberOptions(tuple(index) if index else None, label)
    leave("member add", form, lambda: command.add_member(context.obj, package, group, options))


@member_app.command("remove", cls=HelpfulCommand, epilog=examples("member remove"))
def member_remove(
    context: typer.Context, package: Member, group: GroupOption = None, form: ListFormatOption = "text"
) -> None:
    """Remove a package from a group. It must not be pinned in the repository."""
    from fi_bump.commands import member as command

    leave("member remove", form, lambda: command.remove_member(context.obj, package, group))


@member_app.command("set", cls=HelpfulCommand, epilog=examples("member set"))
def member_set(
    context: typer.Context,
    package: Member,
    group: GroupOption = None,
    index: OwnIndexOption = None,
    label: LabelOption = None,
    no_index: Annotated[bool, typer.Option("--no-index", help="Forget the index in the lock.")] = False,
    no_label: Annotated[bool, typer.Option("--no-label", help="Forget the label in the lock.")] = False,
    form: ListFormatOption = "text",
) -> None:
    """Record the index and the label of a package in the lock.

    An index in the lock replaces those that requirement files and commands name. fi-bump then asks no other one.
    """
    from fi_bump.commands import member as command

    indexes = () if no_index else tuple(index) if index else None
    options = command.MemberOptions(indexes, "" if no_label else label)
    leave("member set", form, lambda: command.set_member(context.obj, package, group, options))
