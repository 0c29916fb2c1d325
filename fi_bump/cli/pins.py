"""init, set, check and status: the pins of a tree."""

import sys
from typing import Annotated

import typer

from fi_bump import bump, check, init, status
from fi_bump.cli.options import (
    Format,
    FormatOption,
    IndexOption,
    PrereleaseOption,
    ReportFormat,
    ReportFormatOption,
    YankedOption,
    app,
    complete_families,
    complete_targets,
    online_of,
)
from fi_bump.edge import guard


@app.command("init")
def init_command(
    context: typer.Context,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A known family (repeatable), or the name of a group of your own.",
            autocompletion=complete_families,
        ),
    ] = None,
    package: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A package of the group (repeatable).")
    ] = None,
    variable: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A variable that holds its version (repeatable).")
    ] = None,
    repository: Annotated[
        list[str] | None, typer.Option(metavar="HOST/OWNER/NAME", help="Its git repository (repeatable).")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Paths to leave out (repeatable).")
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The version the lock takes when the pins disagree.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the lock that is there.")] = False,
    split: Annotated[bool, typer.Option("--split", help="Make a group of each version that stands somewhere.")] = False,
) -> None:
    """Find the pins of this repository and write versions.lock.json.

    Without options FlashInfer is looked for. --group takes other known families, or, with --package, a group of
    your own. Pins that disagree are shown, and the version most of them have is taken; where one pyproject.toml
    holds several versions in several tables, each gets a group of its own, and with --split wherever they stand.
    """
    asked = init.Options(
        root=context.obj,
        groups=tuple(group or ()),
        packages=tuple(package or ()),
        variables=tuple(variable or ()),
        repositories=tuple(repository or ()),
        exclude=tuple(exclude or ()),
        version=version,
        force=force,
        split=split,
    )
    sys.exit(guard(lambda: init.run(asked)))


@app.command("set")
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
    asked = bump.Options(context.obj, tuple(targets), dry_run, online, strict, pr_body, commit)
    sys.exit(guard(lambda: bump.run(asked)))


@app.command("check")
def check_command(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Read only these files or folders.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the tree follow the lock, then say what is left.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix changes, as a patch.")] = False,
    form: ReportFormatOption = ReportFormat.text,
    mentions: Annotated[
        bool, typer.Option("--mentions", help="List lines that name another version of a member and are no pins.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the package indexes whether the releases are there.")
    ] = False,
    index: IndexOption = None,
) -> None:
    """Fail when a pin is not at its version, or not in its place.

    Writes nothing without --fix, and needs neither git nor, without --online, a network.
    """
    asked = check.Options(context.obj, tuple(paths or ()), fix, diff, form.value, mentions)
    if online:
        asked = asked._replace(online=online_of(index, yanked=False, prerelease=False))
    sys.exit(guard(lambda: check.run(asked)))


@app.command("status")
def status_command(context: typer.Context, form: FormatOption = Format.text) -> None:
    """Show the groups, their versions, and where they are pinned."""
    sys.exit(guard(lambda: status.run(context.obj, form.value)))
