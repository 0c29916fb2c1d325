"""The typer group: a wrong command names the right one, and a wrong value of an option gets a plain message."""

import shlex
from typing import Any

import typer
from typer.core import TyperGroup

from fi_bump.errors import UsageError, did_you_mean

# The words of other tools for what a command of fi-bump does. None of them is a command.
OTHER_WORDS = {
    "bump": "set",
    "fix": "check --fix",
    "help": "--help",
    "outdated": "latest",
    "update": "set",
    "upgrade": "set",
    "verify": "check",
    "version": "--version",
}


# The headings of `fi-bump --help`, with the commands below each in their order.
SECTIONS = {
    "Pins": ("init", "check", "set", "undo", "status", "explain"),
    "Releases": ("latest", "audit"),
    "Kernels and tests": ("smoke", "compare", "bisect"),
    "Pull requests, CI and branches": ("pr-body", "template", "resolve", "hold", "fleet"),
    "Edit the lock": ("site", "member"),
}


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
            raise UsageError(f"there is no command '{name}'", hint=self._hint(ctx, name.lower(), args[1:]))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # click's types are private in typer
        """Run the command. typer shows pydantic's "Value error, " before its own message; a user has no use for it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def _hint(self, ctx: Any, name: str, rest: list[str]) -> str:
        other = OTHER_WORDS.get(name) if ctx.parent is None else None
        if other is None:
            return did_you_mean(name, self.list_commands(ctx), f"run {ctx.command_path} --help to list the commands")
        if other == "set" and not rest:
            return "run fi-bump set VERSION; fi-bump latest shows the versions"
        return f"run fi-bump {shlex.join([*other.split(), *rest])}"
