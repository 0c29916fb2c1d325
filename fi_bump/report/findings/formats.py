"""Write a report of findings in any format. The function of a format is imported when it is needed."""

from __future__ import annotations

import os
from typing import Literal, assert_never

from fi_bump.report.findings.model import Report
from fi_bump.report.formats import Written
from fi_bump.terminal.output import say, write_text


def render(report: Report, form: Written) -> str:
    """Return the report as text, without a line end after the last line."""
    match form:
        case "github":
            from fi_bump.report.findings.github import github_text as text
        case "gitlab":
            from fi_bump.report.findings.gitlab import gitlab_text as text
        case "junit":
            from fi_bump.report.findings.junit import junit_text as text
        case "markdown":
            from fi_bump.report.findings.markdown import markdown_text as text
        case "sarif":
            from fi_bump.report.findings.sarif import sarif_text as text
        case _:
            assert_never(form)
    return text(report)


def emit(report: Report, form: Literal["text"] | Written, root: str) -> None:
    """Print the report, and for `github` also write GitHub's job summary.

    `text` is for a terminal: it shows each result with its line. Raises FileError when the summary cannot be written.
    """
    if form == "text":
        from fi_bump.report.findings.snippet import print_results

        print_results(report)
        say([*report.summary, *(f"help: {line}" for line in report.help)])
        return
    seen = report.below(folder_of(root))
    write_text(f"{render(seen, form)}\n")
    if form == "github":
        from fi_bump.report.findings.job_summary import leave

        leave(lambda: render(seen, "markdown"))


def folder_of(root: str) -> str:
    """Return the path of a repository's folder relative to the top of the checkout; empty for the top itself.

    CI resolves the paths of a report from the top of the checkout, which is GITHUB_WORKSPACE (GitHub), CI_PROJECT_DIR
    (GitLab), or else the working folder.
    """
    top = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or "."
    relative = os.path.relpath(os.path.realpath(root), os.path.realpath(top)).replace(os.sep, "/")
    return "" if relative == "." or relative.split("/")[0] == ".." else relative
