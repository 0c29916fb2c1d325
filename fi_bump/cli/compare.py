"""compare: test runs beside baseline runs."""

import sys
from typing import Annotated

import typer

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
            help="Fail for tests that take this many times as long, whatever the noise. "
            "Without it, for 1.5 times beyond the noise.",
            show_default=False,
        ),
    ] = None,
    least_seconds: Annotated[
        float, typer.Option("--min-seconds", min=0.0, metavar="SECONDS", help="Ignore smaller differences of time.")
    ] = 0.5,
    retried: Annotated[
        bool, typer.Option("--retried", help="Jobs were run again: a test that failed and then passed has passed.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail for tests that the infrastructure kept from being judged, too.")
    ] = False,
    patterns: Annotated[
        list[str] | None,
        typer.Option(
            "--infrastructure",
            metavar="FILE",
            help="A JSON file with more patterns of infrastructure failures (repeatable).",
        ),
    ] = None,
    form: Annotated[ReportFormat, typer.Option("--format", help="How to print the comparison.")] = "text",
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="[FORMAT=]FILE", help="Leave the comparison in a file too (repeatable)."),
    ] = None,
) -> None:
    """Compare test runs with baseline runs, test case by test case.

    A PATTERN is a file, a folder, or a quoted pattern like 'nightly/*.xml': all its files are one run. {run} in it
    stands for what tells runs apart, {suite} for what tells machines apart: 'nightly/{run}/{suite}.xml'. Any runner's
    JUnit XML will do; it needs no GPU and no lock.

    Fails for new failures, failures with another message, tests that are no longer run, and tests that became slower.
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
