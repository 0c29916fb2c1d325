"""The command line: parse, call one function, exit. The one door to typer."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from fi_bump import __version__, bump, check, init, sites, status
from fi_bump.edge import guard
from fi_bump.online import Online
from fi_bump.releases import Terms

app = typer.Typer(
    help="Keep every version pin of a GPU package in step, from one lock: versions.lock.json.",
    epilog="Exit codes: 0 in step or done, 1 findings, 2 wrong usage, 3 could not do the job, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How a report is written."""

    text = "text"
    json = "json"


IndexOption = Annotated[
    list[str] | None, typer.Option("--index", metavar="URL", help="Ask this package index instead (repeatable).")
]
YankedOption = Annotated[bool, typer.Option("--allow-yanked", help="Take a release that was yanked.")]
PrereleaseOption = Annotated[
    bool, typer.Option("--allow-prerelease", help="Propose pre-releases too; one that is named is always taken.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to write the report.")]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"fi-bump {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    context: typer.Context,
    directory: Annotated[
        str, typer.Option("-C", metavar="DIR", help="The repository's folder, where versions.lock.json lies.")
    ] = ".",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep every version pin of a GPU package in step, from one lock: versions.lock.json."""
    context.obj = directory


@app.command("init")
def init_command(
    context: typer.Context,
    group: Annotated[str | None, typer.Option(help="A known family, or the name of a group of your own.")] = None,
    package: Annotated[list[str] | None, typer.Option(help="A package of the group (repeatable).")] = None,
    variable: Annotated[list[str] | None, typer.Option(help="A variable that holds its version (repeatable).")] = None,
    repository: Annotated[list[str] | None, typer.Option(help="Its git repository, host/owner/name.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A path pattern to leave out (repeatable).")] = None,
    version: Annotated[str | None, typer.Option(help="The version the lock takes when the pins disagree.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the lock that is there.")] = False,
    split: Annotated[bool, typer.Option("--split", help="Make a group of each version that stands somewhere.")] = False,
) -> None:
    """Find the pins of this repository and write versions.lock.json.

    Without options FlashInfer is looked for. --group takes another known family, or, with --package, a group of
    your own. Pins that disagree are shown, and the version most of them have is taken; where one pyproject.toml
    holds several versions in several tables, each gets a group of its own, and with --split wherever they stand.
    """
    asked = init.Options(
        root=context.obj,
        group=group,
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
        list[str], typer.Argument(metavar="[GROUP==]VERSION", help="The version to move to, for one or more groups.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the change as a patch for git apply and write nothing.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", envvar="FI_BUMP_OFFLINE", help="Ask no package index.")] = False,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    strict: Annotated[bool, typer.Option("--strict", help="Change nothing when the audit finds a conflict.")] = False,
) -> None:
    """Move every pin of a group to a version: all of them, or none.

    First every member's package index is asked whether it has the release, and what the release requires is held
    against the rest of the repository; --offline leaves that out. A package that is pinned here and is in no group
    becomes a group of its own.

    Only the characters of the version change, and versions.lock.json last. Afterwards the places are listed that
    still name the old version and are no pins.
    """
    online = None if offline else Online(tuple(index or ()), Terms(allow_yanked, allow_prerelease))
    sys.exit(guard(lambda: bump.run(bump.Options(context.obj, tuple(targets), dry_run, online, strict))))


@app.command("check")
def check_command(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Read only these files or folders.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the tree follow the lock, then say what is left.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix changes, as a patch.")] = False,
    form: FormatOption = Format.text,
    mentions: Annotated[
        bool, typer.Option("--mentions", help="List lines that name another version of a member and are no pins.")
    ] = False,
) -> None:
    """Fail when a pin is not at its group's version, or is not where the lock says.

    Writes nothing without --fix, and needs neither git nor network.
    """
    sys.exit(guard(lambda: check.run(check.Options(context.obj, tuple(paths or ()), fix, diff, form.value, mentions))))


@app.command("status")
def status_command(context: typer.Context, form: FormatOption = Format.text) -> None:
    """Show the groups, their versions, and every place they are pinned."""
    sys.exit(guard(lambda: status.run(context.obj, form.value)))


@app.command("audit")
def audit_command(
    context: typer.Context,
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[GROUP==]VERSION", help="Versions to try; without, the locked ones.")
    ] = None,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    resolve: Annotated[bool, typer.Option("--resolve", help="Also let uv resolve the requirement files.")] = False,
    form: FormatOption = Format.text,
) -> None:
    """Hold what the releases require against every other requirement of the repository.

    Conflicts are shown with both places and the command that ends them. Writes nothing.
    """
    from fi_bump.audit import command

    online = Online(tuple(index or ()), Terms(allow_yanked, allow_prerelease))
    asked = command.Options(context.obj, tuple(targets or ()), online, form.value, resolve)
    sys.exit(guard(lambda: command.run(asked)))


site_app = typer.Typer(
    help="Record where a pin stands, re-point a recorded site, or forget it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(site_app, name="site")


@site_app.command("add")
def site_add(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="PATH#ANCHOR, or PATH:LINE as check prints it.")],
    group: Annotated[str | None, typer.Option(help="The group, where several could own the place.")] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A line's text with {version} in it, once in the file.")
    ] = None,
) -> None:
    """Record a pin under a group.

    A place that no finder knows (a constant, an assert, a comment) is recorded by its text: PATH:LINE with --group
    takes the line as it stands, --text 'expected = "{version}"' says it exactly.
    """
    sys.exit(guard(lambda: sites.add_site(context.obj, place, group, text)))


@site_app.command("move")
def site_move(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="SITE", help="The recorded site, as status lists it.")],
    new: Annotated[str, typer.Argument(metavar="PLACE", help="Where its pin stands now: PATH#ANCHOR or PATH:LINE.")],
) -> None:
    """Re-point a recorded site: a variable was renamed, a file moved."""
    sys.exit(guard(lambda: sites.move_site(context.obj, old, new)))


@site_app.command("remove")
def site_remove(
    context: typer.Context,
    site: Annotated[str, typer.Argument(metavar="SITE", help="The recorded site, as status lists it.")],
) -> None:
    """Forget a recorded site."""
    sys.exit(guard(lambda: sites.remove_site(context.obj, site)))
