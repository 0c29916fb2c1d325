"""init: find the pins and write the lock."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import complete_families
from fi_bump.commands import init as command
from fi_bump.terminal.output import guard


def init_command(
    context: typer.Context,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A known family (repeatable), or the name of a group of your own.",
            autocompletion=complete_families,
        ),
    ] = None,
    package: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A package of the group (repeatable).")
    ] = None,
    variable: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A variable that holds its version (repeatable).")
    ] = None,
    repository: Annotated[
        list[str] | None, typer.Option(metavar="HOST/OWNER/NAME", help="Its git repository (repeatable).")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Paths to leave out (repeatable).")
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The version the lock takes when the pins disagree.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the lock that is there.")] = False,
    split: Annotated[bool, typer.Option("--split", help="Make a group of each version that stands somewhere.")] = False,
) -> None:
    """Find the pins of this repository and write versions.lock.json.

    Without options FlashInfer is looked for. --group takes other known families, or, with --package, a group of
    your own. Pins that disagree are shown, and the version most of them have is taken; where one pyproject.toml
    holds several versions in several tables, each gets a group of its own, and with --split wherever they stand.
    """
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
    )
    sys.exit(guard(lambda: command.run(asked)))
