"""The typer application: parse the options, call one function of `commands`, exit. Each command has its own module."""

import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

from fi_bump import __version__
from fi_bump.cli.audit import audit_command
from fi_bump.cli.bisect import bisect_command
from fi_bump.cli.check import check_command
from fi_bump.cli.compare import compare_command
from fi_bump.cli.examples import examples
from fi_bump.cli.explain import explain_command
from fi_bump.cli.fleet import fleet_command
from fi_bump.cli.help import HelpfulCommand
from fi_bump.cli.hold import hold_command
from fi_bump.cli.init import init_command
from fi_bump.cli.latest import latest_command
from fi_bump.cli.member import member_app
from fi_bump.cli.options import HELP_NAMES, app
from fi_bump.cli.pr_body import pr_body_command
from fi_bump.cli.resolve import merge_driver_command, resolve_command
from fi_bump.cli.set import set_command
from fi_bump.cli.site import site_app
from fi_bump.cli.smoke import smoke_command
from fi_bump.cli.status import status_command
from fi_bump.cli.template import template_command
from fi_bump.cli.undo import undo_command

__all__ = ["app"]


class Color(StrEnum):
    """When to use colour. `__main__` has carried out this option and -q and -v before; typer shows them in the help."""

    auto = "auto"
    always = "always"
    never = "never"


_HELP = frozenset(HELP_NAMES["help_option_names"])
# The commands for which the lock of a folder above does not count.
_OWN_FOLDER = ("init", "fleet", "merge-driver")


def _version(context: typer.Context, value: bool) -> None:
    if value and not context.resilient_parsing:  # Completion parses the words too, and must not print.
        typer.echo(f"fi-bump {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    context: typer.Context,
    directory: Annotated[
        str,
        typer.Option("-C", metavar="DIR", help="Run as if started in this folder; it may come after the command too."),
    ] = ".",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only errors; the exit code tells the rest.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print each request to a package index, and a bug's traceback.")
    ] = False,
    color: Annotated[
        Color,
        typer.Option(help="Use colour and a terminal's layout. -q, -v and --color may come after the command."),
    ] = Color.auto,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep every version pin of a GPU package in step with one lock: versions.lock.json."""
    context.obj = directory
    if context.invoked_subcommand not in _OWN_FOLDER and not _HELP.intersection(sys.argv):
        from fi_bump.scanning.upwards import enter  # Help and completion of a name do not pay for it.

        context.obj = enter(directory)


def _add(name: str, command: Callable[..., None]) -> None:
    app.command(name, cls=HelpfulCommand, epilog=examples(name))(command)


# `--help` lists the commands in this order, which is the order of work; cli/help.py has the headings.
_add("init", init_command)
_add("check", check_command)
_add("set", set_command)
_add("undo", undo_command)
_add("status", status_command)
_add("explain", explain_command)
_add("latest", latest_command)
_add("audit", audit_command)
_add("smoke", smoke_command)
_add("compare", compare_command)
_add("bisect", bisect_command)
_add("pr-body", pr_body_command)
_add("template", template_command)
_add("resolve", resolve_command)
_add("hold", hold_command)
_add("fleet", fleet_command)
app.add_typer(site_app, name="site")
app.add_typer(member_app, name="member")
# git calls it; nobody types it.
app.command("merge-driver", cls=HelpfulCommand, hidden=True)(merge_driver_command)
