"""Write results as GitHub's workflow commands: one annotation per result, at its line and columns.

Syntax and escapes follow https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands and the
runner's parser.
"""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.findings.rules import Severity
from fi_bump.report.findings.model import Report, Result, shown
from fi_bump.untrusted import shapes, visible

_COMMAND = {Severity.error: "error", Severity.note: "notice"}


def github_text(report: Report) -> str:
    """Return one command per result, then the summary as plain lines.

    Columns count characters, and `endColumn` is one past the last, as in other linters; GitHub documents neither.
    GitHub shows at most ten annotations of each severity per step; the job summary has all results.
    """
    return "\n".join([*map(_annotation, report.results), *map(visible, _closing(report))])


def _annotation(result: Result) -> str:
    place = result.place
    properties = {"file": place.path, "line": place.line, "endLine": place.line}
    if place.marks:
        properties |= {"col": place.column, "endColumn": place.end_column}
    properties["title"] = f"fi-bump {result.rule.value}"
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMAND[result.severity]} {written}::{_data(message(result))}"


def message(result: Result) -> str:
    """Return the result's message, then one line for each other place and each help."""
    related = [f"{shown(each.place)}: {each.message}" for each in result.related]
    return "\n".join([result.message, *related, *(f"help: {line}" for line in result.help)])


def _closing(report: Report) -> Iterator[str]:
    yield from report.summary
    yield from (f"help: {line}" for line in report.help)


def _data(text: str) -> str:
    return shapes(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
