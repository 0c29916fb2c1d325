"""The options of `fi-bump init`, which finds the pins and writes the lock."""

from typing import Annotated

import typer

from fi_bump.cli.options import ListFormatOption, complete_families, leave
from fi_bump.errors import UsageError


def init_command(
    context: typer.Context,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A known family of packages (repeatable); an unknown name prints the list. Or, with --package, the "
            "name of your own group.",
            autocompletion=complete_families,
        ),
    ] = None,
    package: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A package of your own group (repeatable).")
    ] = None,
    variable: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A variable that holds the version of your own group (repeatable)."),
    ] = None,
    repository: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST/OWNER/NAME", help="A git repository of your own group (repeatable)."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Paths to record in the lock as not read, such as 'build/**' (repeatable)."
        ),
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The version to lock when the pins disagree.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing versions.lock.json.")] = False,
    split: Annotated[
        bool, typer.Option("--split", help="Make a separate group for each version that the repository pins.")
    ] = False,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="If the pins disagree, ask what the lock should have.")
    ] = False,
    min_age: Annotated[
        str | None,
        typer.Option(
            "--min-age", metavar="DAYS", help="Record a minimum age of releases in the lock, such as '10 days'."
        ),
    ] = None,
    form: ListFormatOption = "text",
) -> None:
    """Find the pins of this repository and write versions.lock.json.

    Without options it looks for pins of FlashInfer. --group looks for another known family or, with --package, for
    your own group. If the pins disagree, it shows them and locks the version that more than half of them have. If no
    version has that, it writes nothing and shows the commands that decide. If one pyproject.toml pins different
    versions in different tables, each version becomes its own group; --split does this for all files.
    """
    from fi_bump.commands import init as command

    minimum_age = None
    if min_age is not None:
        from fi_bump.releases.age import days_of  # Only this option needs packaging.

        minimum_age = days_of(min_age) or None
    asked = command.InitOptions(
        root=context.obj,
        groups=tuple(group or ()),
        packages=tuple(package or ()),
        variables=tuple(variable or ()),
        repositories=tuple(repository or ()),
        exclude=tuple(exclude or ()),
        version=version,
        force=force,
        split=split,
        ask=interactive,
        minimum_age=minimum_age,
    )
    if interactive and form == "json":
        raise UsageError("--interactive cannot be used with --format json", hint="leave out one of the two")
    leave("init", form, lambda: command.run(asked))
