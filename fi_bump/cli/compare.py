"""The options of `fi-bump compare`, which compares test runs with baseline runs."""

import sys
from typing import Annotated

import typer

from fi_bump.compare.times import LEAST_SECONDS, RATIO
from fi_bump.report.formats import ReportFormat
from fi_bump.terminal.output import guard


def compare_command(
    context: typer.Context,
    baseline: Annotated[
        list[str],
        typer.Option(metavar="PATTERN", help="The JUnit files of one run before the change (repeatable)."),
    ],
    run: Annotated[
        list[str],
        typer.Option(metavar="PATTERN", help="The JUnit files of one run with the change (repeatable)."),
    ],
    slower: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            metavar="RATIO",
            help="Fail if a test takes this many times as long, regardless of noise. "
            f"Default: {RATIO} times, if that is more than the noise.",
            show_default=False,
        ),
    ] = None,
    least_seconds: Annotated[
        float,
        typer.Option("--min-seconds", min=0.0, metavar="SECONDS", help="Ignore smaller changes of a test's time."),
    ] = LEAST_SECONDS,
    retried: Annotated[
        bool,
        typer.Option("--retried", help="The jobs were retried: a test that failed and then passed counts as passed."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also fail for tests that have no result because of the infrastructure.")
    ] = False,
    patterns: Annotated[
        list[str] | None,
        typer.Option(
            "--infrastructure",
            metavar="FILE",
            help="A JSON file with more patterns of infrastructure failures (repeatable).",
        ),
    ] = None,
    form: Annotated[ReportFormat, typer.Option("--format", help="The format of the comparison.")] = "text",
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="[FORMAT=]FILE", help="Also write the comparison to a file (repeatable)."),
    ] = None,
) -> None:
    """Compare test runs with baseline runs, test case by test case.

    A PATTERN is a file, a folder, or a quoted pattern like 'nightly/*.xml'; all its files are one run. In a pattern,
    {run} matches the part of the path that differs between runs, and {suite} the part that differs between machines:
    'nightly/{run}/{suite}.xml'. The files are JUnit XML of any test runner; compare needs no GPU and no lock.

    It fails for new failures, failures with another message, tests that no longer run, and tests that became slower.
    """
    from fi_bump.commands import compare as command

    asked = command.CompareOptions(
        root=context.obj,
        baseline=tuple(baseline),
        runs=tuple(run),
        slower=slower,
        least_seconds=least_seconds,
        retried=retried,
        strict=strict,
        patterns=tuple(patterns or ()),
        form=form,
        outputs=tuple(output or ()),
    )
    sys.exit(guard(lambda: command.run(asked)))
