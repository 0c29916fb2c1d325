"""template: files to copy, filled in from the lock."""

import sys
from typing import Annotated

import typer

from fi_bump.cli.options import complete_groups, complete_templates
from fi_bump.terminal.output import guard


def template_command(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="The template; without, they are listed.", autocompletion=complete_templates
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the file where it belongs, and print its path.")
    ] = False,
    output: Annotated[
        str | None, typer.Option(metavar="PATH", help="Write it here instead, below the repository's folder.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Fill it in for this group. Default: all, or the judged one.",
            autocompletion=complete_groups,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace another file that is there.")] = False,
) -> None:
    """Print or write a file for CI, filled in from the lock.

    That is a workflow, a pipeline, a configuration, or the body of a pull request. A configuration that other tools
    share (.pre-commit-config.yaml, renovate.json) is never replaced: what to add to it is printed.
    """
    from fi_bump.commands import template as command

    sys.exit(guard(lambda: command.run(command.TemplateOptions(context.obj, name, group, write, output, force))))
