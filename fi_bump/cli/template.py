"""The options of `fi-bump template`, which fills in a file for CI from the lock."""

from typing import Annotated

import typer

from fi_bump.cli.options import ListFormatOption, complete_groups, complete_templates, leave
from fi_bump.errors import UsageError


def template_command(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="The template. Default: list the templates.", autocompletion=complete_templates
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the file to its usual path and print that path.")
    ] = False,
    output: Annotated[
        str | None, typer.Option(metavar="PATH", help="Write the file to this path in the repository instead.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Use this group. Default: all groups; for smoke templates, the group that the probes test.",
            autocompletion=complete_groups,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file that is not shared.")] = False,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Install fi-bump from this requirement of pip, which names a commit or a checksum. Default: what this "
            "copy was installed from.",
        ),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the templates, which is the default.")] = False,
    form: ListFormatOption = "text",
) -> None:
    """Print or write a file for CI, filled in from the lock.

    The file is a workflow, a pipeline, a configuration, or the body of a pull request. No option replaces an existing
    .pre-commit-config.yaml, renovate.json or other shared configuration, because it may hold other settings: fi-bump
    prints what to add to it instead.
    """
    from fi_bump.commands import template as command

    asked = command.TemplateOptions(
        root=context.obj, name=name, group=group, write=write, output=output, force=force, source=source
    )

    def template() -> int:
        if listing and name is not None:
            raise UsageError("--list cannot be used with the name of a template", hint="leave out one of the two")
        return command.run(asked)

    prints = name is not None and not write and output is None
    leave("template", form, template, "text" if prints else None)
