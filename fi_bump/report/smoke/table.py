"""Write the smoke report as a table with rich."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Sequence
from typing import Literal

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
from fi_bump.smoke.advice import advice_lines
from fi_bump.smoke.model import SmokeReport
from fi_bump.terminal.wanted import on_terminal
from fi_bump.untrusted import visible

# The outcomes in the colours of the states of other tables.
_COLOURS = {"pass": "green", "compiled": "green", "fail": "bold red", "not-run": "yellow"}


def table_text(report: SmokeReport) -> str:
    """Return the report without colour, as wide as the terminal; without a terminal no line is wrapped."""
    return "".join(f"{visible(line)}\n" for line in _rendered(report, coloured=False))


def coloured_text(report: SmokeReport) -> str:
    """Like `table_text`, with outcomes in the colours of `check`, for a terminal."""
    return "".join(f"{line}\n" for line in _rendered(report, coloured=True))


def _rendered(report: SmokeReport, *, coloured: bool) -> list[str]:
    """Return the lines; every text that is not fi-bump's own is made visible in its cell or line."""
    width = shutil.get_terminal_size().columns if on_terminal() else 10_000
    stream = io.StringIO()
    system: Literal["standard"] | None = "standard" if coloured else None
    console = Console(
        file=stream, width=width, highlight=False, markup=False, color_system=system, force_terminal=coloured
    )
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
    console.print(Text(visible(verdict(report)), "bold green" if report.ok else "bold red"), soft_wrap=True)
    _lines(console, (f"  {problem.message}" for problem in report.problems))
    _lines(console, advice_lines(report))
    return [line.rstrip() for line in stream.getvalue().rstrip("\n").split("\n")]


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(header):
        # Names, versions and numbers stay whole; only the reason or the last value is wrapped.
        table.add_column(Text(visible(column)), overflow="fold", no_wrap=number + 1 < len(header))
    for row in rows:
        # A tab would be as wide as the terminal likes, and could fold a cell.
        cells = [visible(cell.replace("\t", " ").rstrip()) for cell in row]
        table.add_row(*(Text(cell, _COLOURS.get(cell, "")) for cell in cells))
    return table


def _lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(visible(line), soft_wrap=True)
