"""The typer application: parse the options, call one function of `commands`, exit. Each command has its own module."""

import sys
from typing import Annotated

import typer

from fi_bump import __version__
from fi_bump.cli.audit import audit_command
from fi_bump.cli.bisect import bisect_command
from fi_bump.cli.check import check_command
from fi_bump.cli.compare import compare_command
from fi_bump.cli.explain import explain_command
from fi_bump.cli.fleet import fleet_command
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
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep every version pin of a GPU package in step with one lock: versions.lock.json."""
    context.obj = directory
    if context.invoked_subcommand not in _OWN_FOLDER and not _HELP.intersection(sys.argv):
        from fi_bump.scanning.upwards import enter  # Help and completion of a name do not pay for it.

        context.obj = enter(directory)


# `--help` lists the commands in this order.
app.command("init")(init_command)
app.command("set")(set_command)
app.command("check")(check_command)
app.command("undo")(undo_command)
app.command("status")(status_command)
app.command("resolve")(resolve_command)
app.command("pr-body")(pr_body_command)
app.command("fleet")(fleet_command)
app.command("hold")(hold_command)
app.add_typer(site_app, name="site")
app.add_typer(member_app, name="member")
app.command("smoke")(smoke_command)
app.command("compare")(compare_command)
app.command("bisect")(bisect_command)
app.command("template")(template_command)
app.command("latest")(latest_command)
app.command("audit")(audit_command)
app.command("explain")(explain_command)
# git calls it; nobody types it.
app.command("merge-driver", hidden=True)(merge_driver_command)
