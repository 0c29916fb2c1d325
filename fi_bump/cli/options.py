"""What several commands share: the application itself, and options that mean the same everywhere."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fi_bump.online import Online

HELP_NAMES = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    help="Keep every version pin of a GPU package in step, from one lock: versions.lock.json.",
    epilog="Exit codes: 0 in step or done, 1 findings, 2 wrong usage, 3 could not do the job, 130 interrupted.",
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
    from fi_bump.online import Online
    from fi_bump.releases import Terms

    return Online(tuple(index or ()), Terms(yanked, prerelease))
