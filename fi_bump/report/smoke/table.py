"""Write the smoke report as a table with rich."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fi_bump.report.ab_lines import ab_lines
from fi_bump.report.smoke.known import note_lines
from fi_bump.report.smoke_text import (
    comparison_lines,
    measured,
    outcomes,
    part_line,
    side_by_side,
    sweep_lines,
    target_line,
    verdict,
)
from fi_bump.smoke.model import SmokeReport
from fi_bump.terminal.wanted import on_terminal
from fi_bump.untrusted import visible


def table_text(report: SmokeReport) -> str:
    """Return the report without colour, as wide as the terminal; without a terminal no line is wrapped."""
    width = shutil.get_terminal_size().columns if on_terminal() else 10_000
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False, color_system=None)
    console.print(visible(target_line(report.target)), soft_wrap=True)
    if report.sweep is not None:
        rows = [(f"{report.sweep.package} {r.version}", r.outcome, r.reason or "") for r in report.sweep.releases]
        console.print(_table(("release", "outcome", ""), rows))
        _lines(console, sweep_lines(report.sweep) if report.part is None else ())
    else:
        console.print(_table(("probe", "outcome", "time", "reason"), outcomes(report.probes)))
        if values := measured(report.probes):
            console.print(_table(("probe", "metric", "value"), values))
        _lines(console, note_lines(report))
    if report.comparison is not None:
        _lines(console, comparison_lines(report.comparison))
    if report.against is not None:
        header = ("probe", "", report.version, report.against.version)
        console.print(_table(header, side_by_side(report, report.against)))
    if report.ab is not None:
        _lines(console, ab_lines(report.ab, report.version))
    if report.part is not None:
        _lines(console, [part_line(report.part)])
    _lines(console, [verdict(report), *(f"  {problem.message}" for problem in report.problems)])
    return "".join(f"{visible(line.rstrip())}\n" for line in stream.getvalue().rstrip("\n").split("\n"))


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in header:
        table.add_column(Text(visible(column)), overflow="fold")
    for row in rows:
        # A tab would be as wide as the terminal likes, and could fold a cell.
        table.add_row(*(Text(visible(cell.replace("\t", " ").rstrip())) for cell in row))
    return table


def _lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(visible(line), soft_wrap=True)
