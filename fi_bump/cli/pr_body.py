"""The options of `fi-bump pr-body`, which prints a pull request's body."""

from typing import Annotated

import typer

from fi_bump.cli.options import IndexOption, ListFormatOption, ReleaseNotesOption, leave, online_of, refuse_notes
from fi_bump.errors import UsageError


def pr_body_command(
    context: typer.Context,
    base: Annotated[
        str | None, typer.Option(metavar="REV", help="The git revision to compare with. Default: HEAD.")
    ] = None,
    from_lock: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Compare with this earlier versions.lock.json instead; needs no git."),
    ] = None,
    smoke: Annotated[
        str | None, typer.Option(metavar="FILE", help="A JSON report of smoke for the version that is locked now.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="FILE", help="A JSON report of compare: the test runs with this change.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="An earlier JSON report to compare the --smoke report with.")
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            min=0, metavar="SHARE", help="Show errors and times that changed by more than this share of the old value."
        ),
    ] = 0.25,
    offline: Annotated[bool, typer.Option("--offline", envvar="FI_BUMP_OFFLINE", help="Ask no package index.")] = False,
    index: IndexOption = None,
    release_notes: ReleaseNotesOption = False,
    form: ListFormatOption = "text",
) -> None:
    """Print a pull request's body for the pins that changed.

    It compares a git revision with the working tree. The body lists every changed pin with its old and new version,
    the releases in between with their dates and pages, the audit, the lines that a person must review, the
    compared test runs, the smoke report, and what was not run.
    """

    def action() -> int:
        from fi_bump.commands import pr_body as command

        if base is not None and from_lock is not None:
            message = "--base and --from-lock cannot be used together: each names the earlier state"
            raise UsageError(message, hint="leave out --base or --from-lock")
        if baseline is not None and smoke is None:
            message = "--baseline needs --smoke: it names what the smoke report is compared with"
            raise UsageError(message, hint="add --smoke FILE")
        if offline:
            refuse_notes(release_notes)
        online = None if offline else online_of(index, yanked=False, prerelease=False, release_notes=release_notes)
        revision = "HEAD" if base is None else base
        return command.run(
            command.PrBodyOptions(
                root=context.obj,
                base=revision,
                from_lock=from_lock,
                smoke=smoke,
                compare=compare,
                baseline=baseline,
                tolerance=tolerance,
                online=online,
            )
        )

    leave("pr-body", form, action, "body")
