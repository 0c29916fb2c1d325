"""`--merge DIR`: join the reports of the parts of a run. A part that left no report is a hole, and the run is red."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from packaging.version import InvalidVersion, Version

from fi_bump.errors import FiBumpError, FileError, UsageError, explained
from fi_bump.smoke import baseline, report_file
from fi_bump.smoke.model import Problem, SmokeReport, Sweep, SweptRelease
from fi_bump.smoke.ranges import range_to_pin
from fi_bump.smoke.repository_pins import Pins
from fi_bump.smoke.shard import Part, Shard, hole, missing
from fi_bump.smoke.verdict import sweep_problems

_HINT = "give --merge a folder with the JSON reports of one run with --shard, one for each part"


def documents(folder: str) -> list[tuple[str, dict[str, Any]]]:
    """Return every JSON document in a folder and below it, with its path; sorted. Raises FileError.

    A folder without one is an error, and so is a file that is not JSON: a report is written whole or not at all.
    """
    paths = []
    with explained(folder, "cannot be read"):
        if not os.path.isdir(folder):
            raise FileError("is not a folder", place=folder, hint=_HINT)
        for below, _, names in os.walk(folder):
            paths += [os.path.join(below, name) for name in names if name.endswith(".json")]
    if not paths:
        raise FileError("there is no JSON report in this folder", place=folder, hint=_HINT)
    return [(path, baseline.json_document(path, _HINT)) for path in sorted(paths)]


def merged(found: Sequence[tuple[str, dict[str, Any]]]) -> SmokeReport:
    """Join the reports of a sweep's or an A/B comparison's parts. Raises FiBumpError if they are not of one run."""
    reports = [(path, report_file.parsed(path, document, _HINT)) for path, document in found]
    parts = parts_of([(path, each.part) for path, each in reports])
    first = reports[0][1]
    for path, report in reports:
        if _run(report) != _run(first):
            message = f"this report is of another run than {reports[0][0]}"
            raise FiBumpError(message, place=path, hint="merge the parts of one run only")
    holes = list(missing(parts))
    problems = tuple(Problem(None, hole(shard, plan)) for shard, plan in holes)
    whole = [report for _, report in reports]
    if first.sweep is not None:
        return _swept(whole, parts, holes, problems)
    return _compared(whole, problems)


def parts_of(found: Sequence[tuple[str, Part | None]]) -> list[Part]:
    """Return the parts of reports. Raises FiBumpError for a whole report, a part of another run, and a part twice."""
    seen: dict[int, str] = {}
    parts: list[Part] = []
    for path, part in found:
        if part is None:
            raise FiBumpError("this is the report of a whole run, not of a part", place=path, hint=_HINT)
        if parts and (part.of, part.plan) != (parts[0].of, parts[0].plan):
            message = f"this part is of another run than {found[0][0]}: they divide other things, or into other parts"
            raise FiBumpError(message, place=path, hint="merge the parts of one run only")
        if part.number in seen:
            message = f"part {part.shard} is there twice, also in {seen[part.number]}"
            raise UsageError(message, place=path, hint="keep one report of each part")
        seen[part.number] = path
        parts.append(part)
    return parts


def _run(report: SmokeReport) -> tuple[object, ...]:
    """Return what all parts of a run have in common."""
    swept = None if report.sweep is None else (report.sweep.package, report.sweep.admitted)
    compared = None if report.ab is None else (report.ab.version, report.ab.rounds)
    return report.group, report.version, swept, compared


def _swept(
    reports: Sequence[SmokeReport],
    parts: Sequence[Part],
    holes: Sequence[tuple[Shard, tuple[str, ...]]],
    problems: tuple[Problem, ...],
) -> SmokeReport:
    first = reports[0]
    assert first.sweep is not None
    tried = {each.version: each for report in reports if report.sweep for each in report.sweep.releases}
    for shard, plan in holes:
        tried |= {version: SweptRelease(version, "not-run", f"part {shard} left no report") for version in plan}
    releases = tuple(tried[version] for version in parts[0].plan if version in tried)
    pins = _pins(first.sweep)
    chosen = range_to_pin(first.sweep.package, releases, pins.exact[0][1] if pins.exact else None)
    swept = first.sweep._replace(releases=releases, range=chosen, pins=pins.judged(chosen, releases))
    problems = (*problems, *sweep_problems(swept))
    return first._replace(ok=not problems, problems=problems, sweep=swept, part=None)


def _pins(sweep: Sweep) -> Pins:
    """Return the places of the repository's pins that a report lists: a version is a pin, anything else a range."""
    exact, ranges = [], []
    for pin in sweep.pins:
        try:
            Version(pin.version)
        except InvalidVersion:
            ranges.append((pin.place, pin.version))
        else:
            exact.append((pin.place, pin.version))
    return Pins(tuple(exact), tuple(ranges))


def _compared(reports: Sequence[SmokeReport], holes: tuple[Problem, ...]) -> SmokeReport:
    first = reports[0]
    assert first.ab is not None
    problems = [*holes, *(problem for report in reports for problem in report.problems)]
    required = tuple(name for report in reports for name in report.required)
    if not required and not holes:
        problems.append(Problem(None, "no probe can run on these machines, so nothing was tested"))
    compared = [report.comparison for report in reports if report.comparison is not None]
    comparison = first.comparison
    if comparison is not None:
        comparison = comparison._replace(
            new_failures=tuple(name for each in compared for name in each.new_failures),
            standing_failures=tuple(name for each in compared for name in each.standing_failures),
            fixed=tuple(name for each in compared for name in each.fixed),
            cases=tuple(change for each in compared for change in each.cases),
            new_notes=tuple(name for each in compared for name in each.new_notes),
        )
    sides = [report.ab for report in reports if report.ab is not None]
    return first._replace(
        ok=not problems,
        problems=tuple(problems),
        required=required,
        probes=tuple(probe for report in reports for probe in report.probes),
        comparison=comparison,
        ab=first.ab._replace(
            cards=tuple(dict.fromkeys(card for each in sides for card in each.cards)),
            probes=tuple(probe for each in sides for probe in each.probes),
            cases=tuple(change for each in sides for change in each.cases),
        ),
        part=None,
    )
