"""GitHub's workflow commands: one annotation a result, on its line and columns.

The forms and the escapes are those of
https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands and of the runner's own parser.
"""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.report.findings.model import Report, Result, Severity, printable, shown

_COMMAND = {Severity.error: "error", Severity.note: "notice"}


def github_text(report: Report) -> str:
    """A command for each result, then the summary as plain lines.

    Columns count characters, and `endColumn` is one past the last, as other linters write them: GitHub does not say.
    It shows ten annotations of a kind for each step; the job summary holds all.
    """
    return "\n".join([*map(_annotation, report.results), *map(_inert, _closing(report))])


def _annotation(result: Result) -> str:
    place = result.place
    properties = {"file": place.path, "line": place.line, "endLine": place.line}
    if place.marks:
        properties |= {"col": place.column, "endColumn": place.end_column}
    properties["title"] = f"fi-bump {result.rule}"
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMAND[result.severity]} {written}::{_data(message(result))}"


def message(result: Result) -> str:
    """The result's message with its other places and its help, a line each."""
    related = [f"{shown(each.place)}: {each.message}" for each in result.related]
    return "\n".join([result.message, *related, *(f"help: {line}" for line in result.help)])


def _closing(report: Report) -> Iterator[str]:
    yield from report.summary
    yield from (f"help: {line}" for line in report.help)


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _inert(line: str) -> str:
    """A line that the runner takes for no command: it looks for `::` at the start and for `##[` anywhere."""
    plain = " ".join(printable(line).replace("##[", "## [").split("\r")).replace("\n", " ")
    return f"fi-bump: {plain}" if plain.lstrip().startswith("::") else plain
