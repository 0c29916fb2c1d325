"""pr-body: a change told to a reviewer."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import IndexOption, online_of
from fi_bump.errors import UsageError
from fi_bump.terminal.output import guard


def pr_body_command(
    context: typer.Context,
    base: Annotated[
        str | None, typer.Option(metavar="REV", help="The git revision to compare with. Default: HEAD.")
    ] = None,
    from_lock: Annotated[
        str | None, typer.Option(metavar="FILE", help="Compare with this earlier lock instead; needs no git.")
    ] = None,
    smoke: Annotated[
        str | None, typer.Option(metavar="FILE", help="A JSON report of smoke on the version that is locked now.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="An earlier JSON report to show it beside.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, metavar="SHARE", help="Show errors and times that moved by more than this.")
    ] = 0.25,
    offline: Annotated[bool, typer.Option("--offline", envvar="FI_BUMP_OFFLINE", help="Ask no package index.")] = False,
    index: IndexOption = None,
) -> None:
    """Print the body of a pull request for what moves.

    What moves is what differs between a git revision and the working tree. The body has every pin with its old and
    new version, the releases on the way with their dates and pages, the audit, what a person must look at, the smoke
    report, and what was not run.
    """

    def action() -> int:
        from fi_bump.commands import pr_body as command

        if base is not None and from_lock is not None:
            raise UsageError("--base and --from-lock both name the earlier state", hint="leave one of them out")
        if baseline is not None and smoke is None:
            raise UsageError("--baseline stands beside a report", hint="name the report with --smoke")
        online = None if offline else online_of(index, yanked=False, prerelease=False)
        revision = "HEAD" if base is None else base
        return command.run(command.PrBodyOptions(context.obj, revision, from_lock, smoke, baseline, tolerance, online))

    sys.exit(guard(action))
