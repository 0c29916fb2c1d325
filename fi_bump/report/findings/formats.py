"""The formats that are written from the model: one function each, imported when it is asked for."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import assert_never

from fi_bump.report.findings.model import Report
from fi_bump.terminal.output import say


class Written(StrEnum):
    """A format that is written from the model."""

    github = "github"
    gitlab = "gitlab"
    junit = "junit"
    markdown = "markdown"
    sarif = "sarif"


def render(report: Report, form: Written) -> str:
    """The report as text without a last line end."""
    match form:
        case Written.github:
            from fi_bump.report.findings.github import github_text as text
        case Written.gitlab:
            from fi_bump.report.findings.gitlab import gitlab_text as text
        case Written.junit:
            from fi_bump.report.findings.junit import junit_text as text
        case Written.markdown:
            from fi_bump.report.findings.markdown import markdown_text as text
        case Written.sarif:
            from fi_bump.report.findings.sarif import sarif_text as text
        case _:
            assert_never(form)
    return text(report)


def emit(report: Report, form: str, root: str) -> None:
    """Print the report, and leave GitHub's job summary where that is asked for.

    `text` is for a terminal: the results with their lines. Raises FileError when the summary cannot be left.
    """
    if form == "text":
        from fi_bump.report.findings.snippet import print_results

        print_results(report)
        say([*report.summary, *(f"help: {line}" for line in report.help)])
        return
    seen = report.below(folder_of(root))
    say([render(seen, Written(form))])
    if form == Written.github:
        from fi_bump.report.findings.job_summary import leave

        leave(lambda: render(seen, Written.markdown))


def folder_of(root: str) -> str:
    """How a repository's folder is named from the top of the checkout, where CI looks for files; empty at the top.

    The top is what GitHub (GITHUB_WORKSPACE) or GitLab (CI_PROJECT_DIR) says, else the working folder.
    """
    top = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or "."
    relative = os.path.relpath(os.path.realpath(root), os.path.realpath(top)).replace(os.sep, "/")
    return "" if relative == "." or relative.split("/")[0] == ".." else relative
