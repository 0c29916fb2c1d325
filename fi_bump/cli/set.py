"""The options of `fi-bump set`, which moves every pin of a group to a version."""

from typing import Annotated

import typer

from fi_bump.cli.options import (
    IndexOption,
    ListFormatOption,
    MinimumAgeOption,
    PrereleaseOption,
    ReleaseNotesOption,
    YankedOption,
    complete_targets,
    leave,
    online_of,
    refuse_notes,
)
from fi_bump.errors import UsageError


def set_command(
    context: typer.Context,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[GROUP==]VERSION",
            help="The new version, for one or more groups; latest is the newest one that every member has.",
            autocompletion=complete_targets,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the change as a patch for git apply, and the rest on standard error; change no file.",
        ),
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option(
            "--interactive", "-i", help="Choose the release from a list, and confirm the plan; name a group, if any."
        ),
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", envvar="FI_BUMP_OFFLINE", help="Ask no package index.")] = False,
    index: IndexOption = None,
    allow_yanked: YankedOption = False,
    allow_prerelease: PrereleaseOption = False,
    min_age: MinimumAgeOption = None,
    release_notes: ReleaseNotesOption = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Change nothing when the audit finds a conflict, or a call in the code that breaks."
        ),
    ] = False,
    update_checksums: Annotated[
        bool,
        typer.Option(
            "--update-checksums",
            help="Move a version together with the checksum beside it, if the index or the file gives the new one.",
        ),
    ] = False,
    pr_body: Annotated[
        str | None,
        typer.Option("--pr-body", metavar="FILE", help="Write a pull request's body to FILE; - prints only the body."),
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit the files that set changed, and no others, with git.")
    ] = False,
    commit_timeout: Annotated[
        int,
        typer.Option(metavar="SECONDS", min=1, help="How long git may take for --commit, with hooks and signing."),
    ] = 600,
    form: ListFormatOption = "text",
) -> None:
    """Move every pin of a group to a version: all of them, or none.

    Before it changes a file, it asks the package indexes whether each package of the group has the release, and checks
    whether the release's requirements conflict with your other pins, and whether your code's calls still fit the
    release; --offline skips all three. If you name a package that is pinned here but is in no group, it becomes its own
    group.

    Only the characters of the versions change; versions.lock.json is written last. Afterwards it lists other lines
    that still mention the old version.
    """

    def move() -> int:
        if not targets and not interactive:
            hint = "run fi-bump set latest, or fi-bump set -i to choose one"
            raise UsageError("name the version to move to", hint=hint)
        if interactive and form == "json":
            raise UsageError("--interactive cannot be used with --format json", hint="leave out one of the two")
        if offline:
            refuse_notes(release_notes)
            online = None
        else:
            online = online_of(index, allow_yanked, allow_prerelease, min_age, release_notes=release_notes)
        from fi_bump.commands import set as command

        asked = command.SetOptions(
            root=context.obj,
            targets=tuple(targets or ()),
            dry_run=dry_run,
            online=online,
            strict=strict,
            body=pr_body,
            commit=commit,
            commit_seconds=commit_timeout,
            update_checksums=update_checksums,
        )
        if interactive:
            from fi_bump.commands import set_interactive

            return set_interactive.run(asked)
        return command.run(asked)

    leave("set", form, move, "patch" if dry_run else "body" if pr_body == "-" else None)
