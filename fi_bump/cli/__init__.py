"""The command line: parse, call one function, exit. The one door to typer.

Each module adds its commands to `options.app`, in the order of the imports below, which is that of the help text.
"""

from typing import Annotated

import typer

from fi_bump import __version__
from fi_bump.cli import pins, pr_body, repositories, sites, smoke, template, truth
from fi_bump.cli.options import app

__all__ = ["app", "pins", "pr_body", "repositories", "sites", "smoke", "template", "truth"]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"fi-bump {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    context: typer.Context,
    directory: Annotated[
        str, typer.Option("-C", metavar="DIR", help="The repository's folder, where versions.lock.json lies.")
    ] = ".",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep every version pin of a GPU package in step, from one lock: versions.lock.json."""
    context.obj = directory
