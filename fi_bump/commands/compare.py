"""`fi-bump compare`: test runs beside baseline runs, case by case."""

from __future__ import annotations

from typing import NamedTuple

from fi_bump import user_files
from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.runs import gather
from fi_bump.compare.times import LEAST_SECONDS, RATIO, Limits
from fi_bump.errors import Exit, UsageError
from fi_bump.report.compare import output
from fi_bump.report.formats import REPORT_FORMATS, ReportFormat
from fi_bump.report.outputs import parse_output


class CompareOptions(NamedTuple):
    """What `compare` was asked for. `slower` is None where the user named no ratio."""

    root: str
    baseline: tuple[str, ...]
    runs: tuple[str, ...]
    slower: float | None = None
    least_seconds: float = LEAST_SECONDS
    retried: bool = False
    strict: bool = False
    patterns: tuple[str, ...] = ()
    form: ReportFormat = "text"
    outputs: tuple[str, ...] = ()


def run(options: CompareOptions) -> int:
    """Print the comparison and return 1 where it is red, else 0. Raises FiBumpError for files that cannot be read."""
    outputs = [parse_output(text, REPORT_FORMATS, output.ENDINGS) for text in options.outputs]
    for each in outputs:
        user_files.refuse_unwritable(each.path)
    patterns = known(options.patterns)
    baseline = gather("--baseline", options.baseline, patterns.cause, retried=options.retried)
    runs = gather("--run", options.runs, patterns.cause, retried=options.retried)
    same = {path for run in baseline for path in run.files} & {path for run in runs for path in run.files}
    if same:
        hint = "name the files of each run once, under --baseline or under --run"
        raise UsageError("is on both sides of the comparison", place=min(same), hint=hint)
    limits = Limits(
        RATIO if options.slower is None else options.slower,
        options.least_seconds,
        options.slower is not None,
    )
    found = compare(baseline, runs, limits, patterns.meaning, strict=options.strict)
    output.leave(found, outputs, options.root)
    output.show(found, options.form, options.root)
    return int(Exit.OK if found.ok else Exit.FINDINGS)
