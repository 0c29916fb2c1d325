"""The options of `fi-bump resolve` and `fi-bump merge-driver`, which merge locks and pins."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import ListFormatOption, leave
from fi_bump.errors import UsageError
from fi_bump.terminal.output import guard


def resolve_command(
    context: typer.Context,
    ours: Annotated[bool, typer.Option("--ours", help="Where both sides moved a group, take our version.")] = False,
    theirs: Annotated[
        bool, typer.Option("--theirs", help="Where both sides moved a group, take their version.")
    ] = False,
    newest: Annotated[
        bool, typer.Option("--newest", help="Where both sides moved a group, take the newer version.")
    ] = False,
    version: Annotated[
        list[str] | None,
        typer.Option(metavar="[GROUP==]VERSION", help="Set the group to this version, whatever the sides have."),
    ] = None,
    form: ListFormatOption = "text",
) -> None:
    """Resolve the lock and the pins of a conflicted merge.

    It works for a rebase and a cherry-pick too. It merges both sides' locks, sets every pin to the merged lock's
    version, merges the conflicted files again, and stages what has no conflict left: all of it, or nothing. A conflict
    that is not about a version stays, and is named.

    Ours and theirs mean what they mean for git: during a rebase, ours is the branch that you rebase onto. It asks no
    package index.
    """
    from fi_bump.commands import resolve as command

    def resolve() -> int:
        sides = [name for name, given in (("ours", ours), ("theirs", theirs), ("newest", newest)) if given]
        if len(sides) > 1:
            raise UsageError(f"--{sides[0]} cannot be used with --{sides[1]}", hint="leave out one of the two")
        side = sides[0] if sides else None
        return command.run(command.ResolveOptions(context.obj, side, tuple(version or ())))

    leave("resolve", form, resolve)


def merge_driver_command(
    context: typer.Context,
    base: Annotated[str, typer.Argument(metavar="BASE", help="The common ancestor's lock: git's %O.")],
    ours: Annotated[str, typer.Argument(metavar="OURS", help="Our lock, which is replaced by the result: git's %A.")],
    theirs: Annotated[str, typer.Argument(metavar="THEIRS", help="Their lock: git's %B.")],
    newest: Annotated[
        bool, typer.Option("--newest", help="Where both sides moved a group, take the newer version.")
    ] = False,
) -> None:
    """Merge versions.lock.json for git, which calls this command; fi-bump template git-merge says how to set it up.

    It merges group by group and site by site, so that two branches which changed different groups, or recorded
    different sites, do not conflict. Where both sides moved a group, it leaves a conflict for fi-bump resolve.
    """
    from fi_bump.commands import merge_driver as command

    sys.exit(guard(lambda: command.run(context.obj, base, ours, theirs, newest=newest)))
