"""Write a bisection: to standard output in one format, and to files in any format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from fi_bump import user_files
from fi_bump.bisection.outcome import BisectReport
from fi_bump.report import outputs
from fi_bump.report.bisection.text import bisect_lines, found_lines, question_line, release_lines
from fi_bump.report.findings.markdown import bullets, plain
from fi_bump.report.formats import BISECT_FORMATS, BisectFormat
from fi_bump.report.outputs import Output
from fi_bump.terminal.output import write_text

_ENDINGS: dict[str, BisectFormat] = {".txt": "text", ".json": "json", ".md": "markdown"}


def parse_output(text: str) -> Output[BisectFormat]:
    """Parse `FORMAT=FILE`, or a file name whose ending names the format. Raises UsageError for any other text."""
    return outputs.parse_output(text, BISECT_FORMATS, _ENDINGS)


def render(report: BisectReport, form: BisectFormat) -> str:
    """Return the report as text that ends with a line end."""
    match form:
        case "text":
            return "".join(f"{line}\n" for line in bisect_lines(report))
        case "json":
            from fi_bump.report.json.bisect import bisect_json

            return bisect_json(report)
        case "markdown":
            return _markdown(report)
        case _:
            assert_never(form)


def _markdown(report: BisectReport) -> str:
    first, *rest = [*found_lines(report), "no release was found"]
    blocks = [
        f"### {plain(first)}\n",
        f"{plain(question_line(report.state))}\n",
        *([bullets(f"not certain: {problem}" for problem in report.problems)] if report.problems else []),
        bullets(release_lines(report)),
    ]
    if rest:
        blocks.append(bullets(line.strip() for line in rest[:-1]))
    return "\n".join(block for block in blocks if block) + "\n"


def leave(report: BisectReport, files: Sequence[Output[BisectFormat]]) -> None:
    """Write every file, each completely or not at all. Raises FileError."""
    for output in files:
        user_files.put_text(output.path, render(report, output.format))


def show(report: BisectReport, form: BisectFormat) -> None:
    """Print the report."""
    write_text(render(report, form))
