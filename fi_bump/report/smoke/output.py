"""Write smoke reports: to standard output in one format, and to files in any format."""

from __future__ import annotations

import sys
from typing import assert_never

from fi_bump import user_files
from fi_bump.lock.records import LOCK_NAME
from fi_bump.pins import Source
from fi_bump.report import outputs
from fi_bump.report.formats import SMOKE_FORMATS, SmokeFormat, Written
from fi_bump.report.outputs import Output
from fi_bump.repository import Repository
from fi_bump.smoke.model import SmokeReport
from fi_bump.terminal.output import write_text
from fi_bump.terminal.paint import wanted
from fi_bump.terminal.wanted import on_terminal

_ENDINGS: dict[str, SmokeFormat] = {
    ".txt": "table",
    ".json": "json",
    ".xml": "junit",
    ".md": "markdown",
    ".sarif": "sarif",
    ".svg": "svg",
}


def parse_output(text: str) -> Output[SmokeFormat]:
    """Parse `FORMAT=FILE`, or a file name whose ending names the format. Raises UsageError for any other text."""
    return outputs.parse_output(text, SMOKE_FORMATS, _ENDINGS)


def render(report: SmokeReport, form: SmokeFormat, repository: Repository | None = None) -> str:
    """Return the report as text that ends with a newline.

    The formats that need a place for each result use lines of the repository's lock.
    """
    match form:
        case "table":
            from fi_bump.report.smoke.table import table_text as text
        case "json":
            from fi_bump.report.json.smoke import smoke_json as text
        case "junit":
            from fi_bump.report.smoke.junit import junit_text as text
        case "markdown":
            from fi_bump.report.smoke.markdown import markdown_text as text
        case "svg":
            from fi_bump.report.smoke.svg import svg_text as text
        case "github" | "gitlab" | "sarif":
            return _placed(report, form, repository)
        case _:
            assert_never(form)
    return text(report)


def _placed(report: SmokeReport, form: Written, repository: Repository | None) -> str:
    from fi_bump.report.findings import formats
    from fi_bump.report.findings.from_smoke import smoke_report

    lock = None if repository is None else Source(LOCK_NAME, repository.lock_data)
    folder = "" if repository is None else formats.folder_of(repository.root)
    return f"{formats.render(smoke_report(report, lock).below(folder), form)}\n"


def leave(report: SmokeReport, files: tuple[Output[SmokeFormat], ...], repository: Repository) -> None:
    """Write every file, each completely or not at all. Raises FileError."""
    for output in files:
        user_files.put_text(output.path, render(report, output.format, repository))


def show(report: SmokeReport, form: SmokeFormat, repository: Repository) -> None:
    """Print the report, and for `github` also write GitHub's job summary with all metrics."""
    if form == "table" and on_terminal() and wanted(sys.stdout):
        from fi_bump.report.smoke.table import coloured_text

        write_text(coloured_text(report))
    else:
        write_text(render(report, form, repository))
    if form == "github":
        from fi_bump.report.findings.job_summary import leave as leave_summary

        leave_summary(lambda: render(report, "markdown"))
