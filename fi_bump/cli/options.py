"""What several commands share: the application itself, and options that mean the same everywhere."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from fi_bump.cli import completion

if TYPE_CHECKING:
    from fi_bump.releases.asking import Online

HELP_NAMES = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    help="Keep every version pin of a GPU package in step, from one lock: versions.lock.json.",
    epilog=(
        "Exit codes: 0 in step or done, 1 findings, 2 wrong usage, 3 could not do the job, 130 interrupted.\n\n"
        "The words pin, site, anchor, group, member and mention are explained in docs/glossary.md."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP_NAMES,
)


class Format(StrEnum):
    """How a list is written."""

    text = "text"
    json = "json"


class ReportFormat(StrEnum):
    """How a report is written: for people, for programs, for GitHub, GitLab and other CI."""

    text = "text"
    json = "json"
    github = "github"
    gitlab = "gitlab"
    junit = "junit"
    markdown = "markdown"
    sarif = "sarif"


def _root(context: typer.Context) -> str:
    """The folder of `-C`, also while a line is completed and no callback has run."""
    root = context.find_root().params.get("directory")
    return root if isinstance(root, str) else "."


def complete_groups(context: typer.Context, incomplete: str) -> list[str]:
    """The lock's groups."""
    return [name for name in completion.groups(_root(context)) if name.startswith(incomplete)]


def complete_sites(context: typer.Context, incomplete: str) -> list[str]:
    """The recorded sites."""
    return completion.written([site for site in completion.sites(_root(context)) if site.startswith(incomplete)])


def complete_templates(incomplete: str) -> list[str]:
    """The templates."""
    from fi_bump.template.catalog import TEMPLATES

    return [name for name in TEMPLATES if name.startswith(incomplete)]


def complete_families(incomplete: str) -> list[str]:
    """The known families."""
    from fi_bump.families import families

    return [name for name in families() if name.startswith(incomplete)]


def complete_probes(incomplete: str) -> list[str]:
    """The probes of the smoke stage."""
    from fi_bump.smoke.registry import PROBES

    return [name for name in PROBES if name.startswith(incomplete)]


def complete_targets(context: typer.Context, incomplete: str) -> list[str]:
    """What `set` can move to."""
    return completion.written(completion.targets(_root(context), completion.words_before(), incomplete))


FormatOption = Annotated[Format, typer.Option("--format", help="How to write the report.")]
ReportFormatOption = Annotated[ReportFormat, typer.Option("--format", help="How to write the report.")]
IndexOption = Annotated[
    list[str] | None, typer.Option("--index", metavar="URL", help="Ask this package index instead (repeatable).")
]
YankedOption = Annotated[bool, typer.Option("--allow-yanked", help="Take a release that was yanked.")]
PrereleaseOption = Annotated[
    bool, typer.Option("--allow-prerelease", help="Propose pre-releases too; one that is named is always taken.")
]


def online_of(index: list[str] | None, yanked: bool, prerelease: bool) -> "Online":
    """What to ask, and what a release may be. Imports what talks to indexes: only for commands that do."""
    from fi_bump.releases.asking import Online
    from fi_bump.releases.known import Terms

    return Online(tuple(index or ()), Terms(yanked, prerelease))
