"""The command line: parse, call one function, exit. The one door to typer."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from fi_bump import __version__, bump, check, init, sites, status
from fi_bump.edge import guard
from fi_bump.smoke.output import Format as SmokeFormat

app = typer.Typer(
    help="Keep every version pin of a GPU package in step, from one lock: versions.lock.json.",
    epilog="Exit codes: 0 in step or done, 1 findings, 2 wrong usage, 3 could not do the job, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How a report is written."""

    text = "text"
    json = "json"


class Jit(StrEnum):
    """How much of a kernel's module the probes compile."""

    auto = "auto"
    path = "path"
    full = "full"


FormatOption = Annotated[Format, typer.Option("--format", help="How to write the report.")]


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


@app.command("init")
def init_command(
    context: typer.Context,
    group: Annotated[str | None, typer.Option(help="A known family, or the name of a group of your own.")] = None,
    package: Annotated[list[str] | None, typer.Option(help="A package of the group (repeatable).")] = None,
    variable: Annotated[list[str] | None, typer.Option(help="A variable that holds its version (repeatable).")] = None,
    repository: Annotated[list[str] | None, typer.Option(help="Its git repository, host/owner/name.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A path pattern to leave out (repeatable).")] = None,
    version: Annotated[str | None, typer.Option(help="The version the lock takes when the pins disagree.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the lock that is there.")] = False,
    split: Annotated[bool, typer.Option("--split", help="Make a group of each version that stands somewhere.")] = False,
) -> None:
    """Find the pins of this repository and write versions.lock.json.

    Without options FlashInfer is looked for. --group takes another known family, or, with --package, a group of
    your own. Pins that disagree are shown, and the version most of them have is taken; where one pyproject.toml
    holds several versions in several tables, each gets a group of its own, and with --split wherever they stand.
    """
    asked = init.Options(
        root=context.obj,
        group=group,
        packages=tuple(package or ()),
        variables=tuple(variable or ()),
        repositories=tuple(repository or ()),
        exclude=tuple(exclude or ()),
        version=version,
        force=force,
        split=split,
    )
    sys.exit(guard(lambda: init.run(asked)))


@app.command("set")
def set_command(
    context: typer.Context,
    targets: Annotated[
        list[str], typer.Argument(metavar="[GROUP==]VERSION", help="The version to move to, for one or more groups.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the change as a patch for git apply and write nothing.")
    ] = False,
) -> None:
    """Move every pin of a group to a version: all of them, or none.

    Only the characters of the version change, and versions.lock.json last. Afterwards the places are listed that
    still name the old version and are no pins.
    """
    sys.exit(guard(lambda: bump.run(bump.Options(context.obj, tuple(targets), dry_run))))


@app.command("check")
def check_command(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Read only these files or folders.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the tree follow the lock, then say what is left.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix changes, as a patch.")] = False,
    form: FormatOption = Format.text,
    mentions: Annotated[
        bool, typer.Option("--mentions", help="List lines that name another version of a member and are no pins.")
    ] = False,
) -> None:
    """Fail when a pin is not at its group's version, or is not where the lock says.

    Writes nothing without --fix, and needs neither git nor network.
    """
    sys.exit(guard(lambda: check.run(check.Options(context.obj, tuple(paths or ()), fix, diff, form.value, mentions))))


@app.command("status")
def status_command(context: typer.Context, form: FormatOption = Format.text) -> None:
    """Show the groups, their versions, and every place they are pinned."""
    sys.exit(guard(lambda: status.run(context.obj, form.value)))


site_app = typer.Typer(
    help="Record where a pin stands, re-point a recorded site, or forget it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(site_app, name="site")


@site_app.command("add")
def site_add(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="PATH#ANCHOR, or PATH:LINE as check prints it.")],
    group: Annotated[str | None, typer.Option(help="The group, where several could own the place.")] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A line's text with {version} in it, once in the file.")
    ] = None,
) -> None:
    """Record a pin under a group.

    A place that no finder knows (a constant, an assert, a comment) is recorded by its text: PATH:LINE with --group
    takes the line as it stands, --text 'expected = "{version}"' says it exactly.
    """
    sys.exit(guard(lambda: sites.add_site(context.obj, place, group, text)))


@site_app.command("move")
def site_move(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="SITE", help="The recorded site, as status lists it.")],
    new: Annotated[str, typer.Argument(metavar="PLACE", help="Where its pin stands now: PATH#ANCHOR or PATH:LINE.")],
) -> None:
    """Re-point a recorded site: a variable was renamed, a file moved."""
    sys.exit(guard(lambda: sites.move_site(context.obj, old, new)))


@site_app.command("remove")
def site_remove(
    context: typer.Context,
    site: Annotated[str, typer.Argument(metavar="SITE", help="The recorded site, as status lists it.")],
) -> None:
    """Forget a recorded site."""
    sys.exit(guard(lambda: sites.remove_site(context.obj, site)))


@app.command("smoke")
def smoke_command(
    context: typer.Context,
    only: Annotated[list[str] | None, typer.Option(metavar="PROBE", help="Run only this probe (repeatable).")] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="PROBE", help="Fail unless it ran (repeatable). Default: those that can run here."),
    ] = None,
    group: Annotated[str | None, typer.Option(help="The lock's group. Default: the one the probes are for.")] = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="Probe this interpreter instead of an environment made for it.")
    ] = None,
    wheelhouse: Annotated[
        str | None, typer.Option(metavar="DIR", help="Install from this folder of wheels alone, without network.")
    ] = None,
    extra: Annotated[
        list[str] | None, typer.Option("--with", metavar="REQUIREMENT", help="Install this too (repeatable).")
    ] = None,
    devices: Annotated[
        str | None, typer.Option(metavar="0,1,…", help="GPUs to spread the probes over. Default: the first.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, metavar="SECONDS", help="The limit of each probe, instead of its own.")
    ] = None,
    jit: Annotated[
        Jit, typer.Option(help="Compile what a probe reaches (path), all of it (full), or what suits the wheel.")
    ] = Jit.auto,
    cache: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where environments, logs and compiled modules are kept.")
    ] = None,
    form: Annotated[SmokeFormat, typer.Option("--format", help="How to print the report.")] = SmokeFormat.table,
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="[FORMAT=]FILE", help="Leave the report in a file too (repeatable)."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="An earlier JSON report: failures that stand there do not block.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, metavar="SHARE", help="Report errors and times that moved by more than this.")
    ] = 0.25,
    against: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Run another release beside the locked one.")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="PACKAGE[==V,…]", help="Try the releases of a dependency; needs no GPU."),
    ] = None,
    tests: Annotated[
        list[str] | None, typer.Option("--pytest", metavar="PATH::TEST", help="Run an engine's own tests (repeatable).")
    ] = None,
) -> None:
    """Judge the locked version by running it: kernels on this machine's GPU against a reference.

    Fails when a probe fails, and when a required one was not run. Without a GPU it compiles what can be compiled.
    """
    from fi_bump.smoke import command

    asked = command.Options(
        root=context.obj,
        group=group,
        only=tuple(only or ()),
        require=tuple(require or ()),
        python=python,
        wheelhouse=wheelhouse,
        extra=tuple(extra or ()),
        devices=devices,
        timeout=timeout,
        jit=jit.value,
        cache=cache,
        form=form,
        outputs=tuple(output or ()),
        baseline=baseline,
        tolerance=tolerance,
        against=against,
        sweep=sweep,
        tests=tuple(tests or ()),
    )
    sys.exit(guard(lambda: command.run(asked)))
