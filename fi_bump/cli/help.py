"""The layout of `--help`: typer's command and group of commands in fi-bump's words, and the headings of the list."""

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from fi_bump.cli.unknown_command import unknown_command

# The headings of `fi-bump --help`, with the commands below each in their order.
SECTIONS = {
    "Pins": ("init", "check", "set", "undo", "status", "explain"),
    "Releases": ("latest", "audit"),
    "Kernels and tests": ("smoke", "compare", "bisect"),
    "Pull requests, CI and branches": ("pr-body", "template", "resolve", "hold", "fleet"),
    "Edit the lock": ("site", "member"),
}


# How typer shows the least value of a number.
_LEAST = re.compile(r"x>=([0-9.]+)")


class HelpfulCommand(TyperCommand):
    """A command whose help names arguments as manual pages do, without Python's types."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # click's types are private in typer
        """Return the words of the usage line: `PLACE` for an argument that is required, which typer shows in braces."""
        return [re.sub(r"^\{(.*)\}$", r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # click's types are private in typer
        """Write the arguments and the options."""
        sections: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for each in self.get_params(ctx):
            if (record := each.get_help_record(ctx)) is not None:
                name, text = record
                if each.param_type_name == "argument":
                    name = name.partition(" <")[0]
                sections[each.param_type_name].append((name, _LEAST.sub(r"at least \1", text)))
        for title, records in zip(("Arguments", "Options"), sections.values(), strict=True):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Commands(TyperGroup):
    """A group of commands that explains a wrong command and a wrong value in fi-bump's words."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # click's types are private in typer
        """Write the commands below the headings; a group inside the application has one list."""
        if ctx.parent is not None:
            super().format_commands(ctx, formatter)
            return
        shown = {name: each for name in self.list_commands(ctx) if not (each := self.commands[name]).hidden}
        indent = max(map(len, shown))
        for title, names in SECTIONS.items():
            rows = [(f"{name:{indent}}", shown[name].get_short_help_str(80 - 6 - indent)) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # click's types are private in typer
        """Return the command that the first argument names. Raises UsageError that names the right one."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            raise unknown_command(args, ctx.command_path, self.list_commands(ctx), is_first=ctx.parent is None)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # click's types are private in typer
        """Run the command. typer shows pydantic's "Value error, " before its own message; a user has no use for it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise
