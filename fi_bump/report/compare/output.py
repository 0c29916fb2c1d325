"""Where a comparison goes: standard output in one format, files in any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from fi_bump import user_files
from fi_bump.compare.model import RunComparison
from fi_bump.report.formats import ReportFormat
from fi_bump.report.outputs import Output
from fi_bump.terminal.output import write_text
from fi_bump.untrusted import visible

ENDINGS: dict[str, ReportFormat] = {
    ".txt": "text",
    ".json": "json",
    ".xml": "junit",
    ".md": "markdown",
    ".sarif": "sarif",
}


def render(comparison: RunComparison, form: ReportFormat, root: str) -> str:
    """The comparison as text that ends with a line end. Tests are looked for below the root."""
    match form:
        case "text":
            from fi_bump.report.compare.text import text_lines

            return "".join(f"{visible(line)}\n" for line in text_lines(comparison))
        case "json":
            from fi_bump.report.json.compare import compare_json

            return compare_json(comparison)
        case "markdown":
            from fi_bump.report.compare.markdown import markdown_text

            return markdown_text(comparison)
        case "github" | "gitlab" | "junit" | "sarif":
            from fi_bump.report.findings import formats
            from fi_bump.report.findings.from_compare import compare_report

            report = compare_report(comparison, root).below(formats.folder_of(root))
            return f"{formats.render(report, form)}\n"
        case _:
            assert_never(form)


def leave(comparison: RunComparison, outputs: Sequence[Output[ReportFormat]], root: str) -> None:
    """Write every file, each whole or not at all."""
    for output in outputs:
        user_files.put_text(output.path, render(comparison, output.format, root))


def show(comparison: RunComparison, form: ReportFormat, root: str) -> None:
    """Print the comparison, and leave GitHub's job summary where that is asked for."""
    write_text(render(comparison, form, root))
    if form == "github":
        from fi_bump.report.findings.job_summary import leave as leave_summary

        leave_summary(lambda: render(comparison, "markdown", root))
