"""The options of `fi-bump explain`, which says what a rule, a probe or an exit code means."""

from typing import Annotated

import typer

from fi_bump.cli.options import ListFormatOption, complete_explained, leave


def explain_command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RULE|PROBE|EXIT-CODE",
            help="A name as reports show it. Default: list all names.",
            autocompletion=complete_explained,
        ),
    ] = None,
    form: ListFormatOption = "text",
) -> None:
    """Explain a rule, a probe or an exit code.

    For a rule it prints the meaning, whether it fails the command, and what to do. It reads no repository.
    """
    from fi_bump.commands import explain as command

    leave("explain", form, lambda: command.run(name), None if name is None else "text")
