"""A comparison of test runs as Markdown, for a pull request or a CI's job summary."""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.compare.model import ChangeKind, RunComparison
from fi_bump.report.compare_lines import Line, lines
from fi_bump.report.compare_text import TITLES, compared, counted, verdict
from fi_bump.report.finding_lines import count
from fi_bump.report.findings.markdown import bullets, plain
from fi_bump.report.markdown_escape import code, table

# What a reviewer reads at once; more is folded away, and of more than that the rest is counted.
_OPEN = 20
_MOST = 200
# Kinds that ask for no decision are folded away from the first on.
_FOLDED = {ChangeKind.KNOWN_FAILURE, ChangeKind.FIXED, ChangeKind.FASTER, ChangeKind.NEW_CASE}


def markdown_text(comparison: RunComparison) -> str:
    """A heading with the verdict, the counts, a table for each kind, and what the comparison can show."""
    return "\n".join(_blocks(comparison)) + "\n"


def _blocks(comparison: RunComparison) -> Iterator[str]:
    yield f"### Tests: {plain(verdict(comparison))}\n"
    yield f"{plain(compared(comparison))}: {plain(counted(comparison))}.\n"
    if comparison.problems:
        yield bullets(comparison.problems)
    for kind in ChangeKind:
        if entries := comparison.of(kind):
            yield from _kind(kind, lines(entries), len(entries))
    yield "What this can show:\n"
    yield bullets(comparison.claims)


def _kind(kind: ChangeKind, found: list[Line], number: int) -> Iterator[str]:
    title = TITLES[kind].capitalize()
    rows = [[code(line.name, cell=True), plain(line.detail), _messages(line)] for line in found[:_MOST]]
    with_messages = any(row[2] for row in rows)
    width = 3 if with_messages else 2
    text = table(["case", "what was seen", "message"][:width], [row[:width] for row in rows]).rstrip("\n")
    if rest := sum(line.cases for line in found[_MOST:]):
        text += f"\n\nand {count(rest, 'more case')}"
    if kind in _FOLDED or len(found) > _OPEN:
        yield f"<details><summary>{title}: {number}</summary>\n\n{text}\n\n</details>\n"
    else:
        yield f"**{title}: {number}**\n\n{text}\n"


def _messages(line: Line) -> str:
    shown = [code(text, cell=True) for _, text in line.messages]
    return ", before ".join(shown)
