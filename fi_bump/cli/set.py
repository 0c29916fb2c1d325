"""set: move every pin of a group to a version."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import IndexOption, PrereleaseOption, YankedOption, complete_targets, online_of
from fi_bump.commands import set as command
from fi_bump.terminal.output import guard


def set_command(
    context: typer.Context,
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="[GROUP==]VERSION",
            help="The version to move to, for one or more groups.",
            autocompletion=complete_targets,
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the change as a patch for git apply and write nothing.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", envvar="FI_BUMP_OFFLINE", help="Ask no package index.")] = False,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    strict: Annotated[bool, typer.Option("--strict", help="Change nothing when the audit finds a conflict.")] = False,
    pr_body: Annotated[
        str | None, typer.Option("--pr-body", metavar="FILE", help="Write a pull request's body; - prints it alone.")
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Make one git commit of what is changed, and of nothing else.")
    ] = False,
) -> None:
    """Move every pin of a group to a version: all of them, or none.

    First every member's package index is asked whether it has the release, and what the release requires is held
    against the rest of the repository; --offline leaves that out. A package that is pinned here and is in no group
    becomes a group of its own.

    Only the characters of the version change, and versions.lock.json last. Afterwards the places are listed that
    still name the old version and are no pins.
    """
    online = None if offline else online_of(index, allow_yanked, allow_prerelease)
    asked = command.SetOptions(context.obj, tuple(targets), dry_run, online, strict, pr_body, commit)
    sys.exit(guard(lambda: command.run(asked)))
