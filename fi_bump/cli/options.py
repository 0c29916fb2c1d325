"""The typer application, and the options and completions that several commands share."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from fi_bump.cli import completion
from fi_bump.cli.help import Commands
from fi_bump.errors import Exit, UsageError
from fi_bump.report.formats import ListFormat, ReportFormat
from fi_bump.terminal.output import guard

if TYPE_CHECKING:
    from fi_bump.releases.asking import Online

HELP_NAMES = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    cls=Commands,
    help="Keep every version pin of a GPU package in step with one lock: versions.lock.json.",
    epilog=(
        f"Exit codes: {', '.join(f'{int(code)} {code.phrase}' for code in Exit)}.\n\n"
        "docs/glossary.md in fi-bump's source explains the words pin, site, anchor, group, family, mention and probe."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP_NAMES,
)


def _root(context: typer.Context) -> str:
    """Return the folder that `-C` names; during completion too, when no callback has set `context.obj`."""
    root = context.find_root().params.get("directory")
    from fi_bump.scanning.upwards import enter

    return enter(root if isinstance(root, str) else ".")


def complete_groups(context: typer.Context, incomplete: str) -> list[str]:
    """Suggest the lock's groups."""
    return completion.suggest("groups", _root(context), incomplete)


def complete_sites(context: typer.Context, incomplete: str) -> list[str]:
    """Suggest the recorded sites."""
    return completion.suggest("sites", _root(context), incomplete)


def complete_members(context: typer.Context, incomplete: str) -> list[str]:
    """Suggest the packages of the lock's groups."""
    return completion.suggest("members", _root(context), incomplete)


def complete_templates(incomplete: str) -> list[str]:
    """Suggest the templates."""
    from fi_bump.template.catalog import TEMPLATES

    return [name for name in TEMPLATES if name.startswith(incomplete)]


def complete_families(incomplete: str) -> list[str]:
    """Suggest the known families."""
    from fi_bump.families import families

    return [name for name in families() if name.startswith(incomplete)]


def complete_probes(incomplete: str) -> list[str]:
    """Suggest the probes of `smoke`."""
    from fi_bump.smoke.registry import PROBES

    return [name for name in PROBES if name.startswith(incomplete)]


def complete_explained(incomplete: str) -> list[str]:
    """Suggest the names that `explain` accepts."""
    from fi_bump.commands.explain import known_names

    return [name for name in known_names() if name.startswith(incomplete)]


def complete_targets(context: typer.Context, incomplete: str) -> list[str]:
    """Suggest `[GROUP==]VERSION` targets."""
    return completion.suggest("targets", _root(context), incomplete)


def leave(command: str, form: ListFormat, action: Callable[[], int], document: str | None = None) -> NoReturn:
    """Run a command and exit with its code; with the format json, print its answer as one document.

    `document` names what the command prints on standard output if that is a text of its own, such as a patch.
    """
    if form == "json":
        from fi_bump.commands.answered import answered

        sys.exit(guard(lambda: answered(command, action, document)))
    sys.exit(guard(action))


ListFormatOption = Annotated[ListFormat, typer.Option("--format", help="The format of the output.")]
ReportFormatOption = Annotated[ReportFormat, typer.Option("--format", help="The format of the report.")]
IndexOption = Annotated[
    list[str] | None,
    typer.Option(
        "--index",
        metavar="URL",
        help="Ask this package index in place of the ones that you have configured (repeatable). Indexes in the lock, "
        "and those that requirement files and commands name, are asked as before.",
    ),
]
ReleaseNotesOption = Annotated[
    bool,
    typer.Option(
        "--release-notes",
        help="Ask github.com for the headings of the release notes in between, lines about breaking changes first.",
    ),
]
YankedOption = Annotated[bool, typer.Option("--allow-yanked", help="Accept yanked releases.")]
PrereleaseOption = Annotated[
    bool,
    typer.Option("--allow-prerelease", help="Propose pre-releases too. A version that you name is always accepted."),
]


MinimumAgeOption = Annotated[
    str | None,
    typer.Option(
        "--min-age",
        metavar="DAYS",
        help="The age from which a release is proposed, such as '10 days'. Default: the minimum-age of the group.",
    ),
]


def online_of(
    index: list[str] | None, yanked: bool, prerelease: bool, age: str | None = None, *, release_notes: bool = False
) -> "Online":
    """Return the indexes to ask and the kinds of release to accept.

    The imports are inside, so that commands without a network do not pay for the index client.
    """
    from fi_bump.releases.age import days_of
    from fi_bump.releases.asking import Online
    from fi_bump.releases.known import Terms

    return Online(tuple(index or ()), Terms(yanked, prerelease, None if age is None else days_of(age)), release_notes)


def asked_online(
    online: bool, index: list[str] | None, yanked: bool = False, prerelease: bool = False
) -> "Online | None":
    """Return what --online asks. Without it, return None, or raise UsageError for an option that says how to ask."""
    if online:
        return online_of(index, yanked, prerelease)
    for option, given in (("--index", index), ("--allow-yanked", yanked), ("--allow-prerelease", prerelease)):
        if given:
            message = f"{option} needs --online: without it no package index is asked"
            raise UsageError(message, hint=f"add --online, or leave out {option}")
    return None


def refuse_notes(asked: bool) -> None:
    """Raise UsageError if release notes are asked for; for a command with --offline."""
    if asked:
        message = "--release-notes cannot be used with --offline: the notes are on the network"
        raise UsageError(message, hint="leave out --release-notes or --offline")
