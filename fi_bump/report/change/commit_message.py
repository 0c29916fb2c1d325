"""Write a change as a commit message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from fi_bump.change.model import Description
from fi_bump.report.change.sections import ComparedTests, Items, Rows, Section, Smoke, flat, sections, summary, title
from fi_bump.report.compare.text import text_lines
from fi_bump.report.smoke_text import comparison_lines, target_line, verdict
from fi_bump.smoke.model import SmokeReport
from fi_bump.untrusted import visible


def message_text(about: Description) -> str:
    """Return the subject, an empty line, and a body with the same sections as the pull request's.

    Text of others adds no line, so it adds no trailer either.
    """
    lines = [title(about), "", summary(about), *(line for each in sections(about) for line in _section(each))]
    return "\n".join(map(visible, lines))


def _section(section: Section) -> list[str]:
    match section.block:
        case Rows():
            lines = _columns([[flat(cell) for cell in row] for row in section.block.rows])
        case Items():
            lines = [flat(item) for item in section.block.items]
        case ComparedTests():
            lines = text_lines(section.block.comparison)
        case Smoke():
            lines = list(_smoke(section.block.report))
        case _:
            assert_never(section.block)
    return ["", f"{section.title}:", *(f"  {line}" for line in lines)]


def _columns(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _smoke(report: SmokeReport) -> Iterator[str]:
    yield verdict(report)
    yield target_line(report.target)
    yield from (problem.message for problem in report.problems)
    yield from (f"{probe.name}: {probe.outcome}" for probe in report.probes)
    if report.comparison is not None:
        yield from comparison_lines(report.comparison)
