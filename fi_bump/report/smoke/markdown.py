"""Write the smoke report as Markdown, for a pull request or a job summary in CI."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fi_bump.report.ab_lines import ab_lines, ab_rows
from fi_bump.report.findings.markdown import bullets, plain, table
from fi_bump.report.json.text import json_text
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
from fi_bump.smoke.ab_model import AbComparison
from fi_bump.smoke.advice import advice_lines
from fi_bump.smoke.model import SmokeReport


def markdown_text(report: SmokeReport) -> str:
    """Return a heading with the verdict, the problems, a table, and all metrics in a folded block."""
    return "\n".join(_blocks(report)) + "\n"


def _blocks(report: SmokeReport) -> Iterator[str]:
    yield f"### {plain(verdict(report))}\n"
    yield f"{plain(target_line(report.target))}\n"
    if report.problems:
        yield bullets([*(problem.message for problem in report.problems), *advice_lines(report)])
    if report.ab is not None:
        # A reviewer wants to know first what the bump changes.
        yield from ab_blocks(report.ab, report.version)
    if report.part is not None and report.sweep is None:
        yield f"{plain(part_line(report.part))}\n"
    if report.sweep is not None:
        rows = [(f"{report.sweep.package} {r.version}", r.outcome, r.reason or "") for r in report.sweep.releases]
        yield table(("release", "outcome", "reason"), rows)
        yield bullets(sweep_lines(report.sweep) if report.part is None else [part_line(report.part)])
    else:
        yield table(("probe", "outcome", "time", "reason"), outcomes(report.probes))
        if notes := list(note_lines(report)):
            yield bullets(notes)
        if values := measured(report.probes):
            yield table(("probe", "metric", "value"), values)
    if report.comparison is not None:
        first, *rest = comparison_lines(report.comparison)
        yield f"{plain(first)}\n"
        yield bullets(rest)
    if report.against is not None:
        header = ("probe", "value", report.version, report.against.version)
        yield table(header, side_by_side(report, report.against))
    yield from _numbers(report)


def ab_blocks(ab: AbComparison, version: str) -> Iterator[str]:
    """Yield an A/B comparison: what was compared, a table of the differences, and what does not differ."""
    rows = ab_rows(ab, version)
    yield bullets(ab_lines(ab, version, differences=False))
    if rows:
        yield table(("probe", "what differs", f"{version} (locked)", ab.version, "how sure"), rows)


def _numbers(report: SmokeReport) -> Iterator[str]:
    metrics = {probe.name: probe.metrics for probe in report.probes if probe.metrics}
    if not metrics:
        return
    text = json_text(metrics, sort=True)
    # The text cannot end a code block whose fence is longer than any run of backticks in it.
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    yield f"<details><summary>All metrics</summary>\n\n{fence}json\n{text}\n{fence}\n\n</details>"
