"""Write results as Markdown, for a pull request or a job summary in CI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fi_bump.report import markdown_escape
from fi_bump.report.finding_lines import count
from fi_bump.report.findings.model import Report, shown
from fi_bump.untrusted import encodable


def markdown_text(report: Report) -> str:
    """Return a heading with the verdict, the summary, a table of the results, and the help."""
    return "\n".join(_blocks(report)).rstrip("\n")


def _blocks(report: Report) -> Iterator[str]:
    verdict = "ok" if report.ok else count(report.errors, "finding")
    yield f"### fi-bump {report.command}: {verdict}\n"
    if report.summary:
        yield bullets(report.summary)
    if report.results:
        rows = [
            (plain(shown(result.place)), plain(result.rule.value), _lines(result.message)) for result in report.results
        ]
        yield markdown_escape.table(("place", "rule", "message"), rows)
    if remedies := list(dict.fromkeys([*report.help, *(line for result in report.results for line in result.help)])):
        yield bullets(remedies)


def _lines(text: str) -> str:
    """Escape a text of several lines for a cell of a table."""
    return "<br>".join(plain(line.strip()) for line in text.split("\n"))


def bullets(lines: Iterable[str]) -> str:
    """Return a list of plain texts."""
    return markdown_escape.items(map(plain, lines))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of plain texts."""
    return markdown_escape.table(list(map(plain, header)), [list(map(plain, row)) for row in rows])


def plain(text: str) -> str:
    """Escape text so that Markdown shows it literally, on one line."""
    # A pattern that begins with a blank would take a time that grows with the square of a run of them.
    return markdown_escape.plain(re.sub(r"\s+", lambda run: _one_blank(run[0]), encodable(text)))


def _one_blank(run: str) -> str:
    """A run of white space with a line end becomes one space."""
    return run if "\n" not in run and "\r" not in run else " "
