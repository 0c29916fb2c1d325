"""`fi-bump set`: move groups to a version, every pin or none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from typing import TYPE_CHECKING, NamedTuple, TextIO

from fi_bump.commands.set_ahead import Ahead
from fi_bump.commands.set_report import report, say_conflicts, say_notes
from fi_bump.editing.plan import Plan
from fi_bump.errors import Exit, UsageError
from fi_bump.findings.of_check import Finding, finding_line
from fi_bump.lock.records import LOCK_NAME
from fi_bump.moving import plan_move
from fi_bump.report.finding_lines import count, help_lines
from fi_bump.repository import Repository, open_repository
from fi_bump.request import NEWEST, Request, read_request
from fi_bump.scanning.mentions import words_of_versions
from fi_bump.scanning.scan import Scan
from fi_bump.scanning.upwards import enter
from fi_bump.terminal.output import say, say_next, write_patch

if TYPE_CHECKING:
    from fi_bump.audit.preflight import Preflight
    from fi_bump.commands.set_and_commit import Following
    from fi_bump.releases.asking import Online


# Hooks may run tests, or install their tools at first, and a person may have to type a passphrase.
COMMIT_SECONDS = 600


class SetOptions(NamedTuple):
    """The options of `set`. `targets` are `[GROUP==]VERSION` texts; without `online` no index is asked.

    `body` is the file for a pull request's body (`-` for standard output); `commit` asks for one git commit, and git
    with its hooks and its signature has `commit_seconds` for it.
    `update_checksums` moves a version together with the checksum beside it.
    """

    root: str
    targets: tuple[str, ...]
    dry_run: bool = False
    online: Online | None = None
    strict: bool = False
    body: str | None = None
    commit: bool = False
    commit_seconds: float = COMMIT_SECONDS
    update_checksums: bool = False


def parse(arguments: list[str]) -> SetOptions | None:
    """Return the options of a plain `[-C DIR] set …` command line, or None if it needs the full parser.

    Importing typer takes longer than the rest of `set`.
    """
    root, words = (arguments[1], arguments[2:]) if arguments[:1] == ["-C"] and len(arguments) > 1 else (".", arguments)
    if words[:1] != ["set"] or not root or os.environ.get("FI_BUMP_OFFLINE"):
        return None
    targets = tuple([word for word in words[1:] if not word.startswith("-")])
    flags = {word for word in words[1:] if word.startswith("-")}
    if not targets or "" in targets or not flags <= {"--dry-run", "--offline", "--strict"}:
        return None
    options = SetOptions(enter(root), targets, "--dry-run" in flags, None, "--strict" in flags)
    if "--offline" in flags:
        return options
    from fi_bump.releases.asking import Online

    return options._replace(online=Online())


def run(options: SetOptions, confirm: Callable[[], bool] | None = None) -> int:
    """Move the groups and return the exit code: 0 moved or already there, 1 refused because of the tree or an index.

    With `confirm`, show the plan first, and write only if it returns True; else return 1.
    """
    if options.update_checksums and options.online is None:
        message = "--update-checksums cannot be used with --offline: the new checksums come from the package indexes"
        raise UsageError(f"{message} or from the files themselves", hint="leave out --offline or --update-checksums")
    if options.body is None and not options.commit:
        return _rehearse(options) if options.dry_run else _run(options, confirm=confirm)
    if options.dry_run:
        what = "--commit" if options.commit else "--pr-body"
        message = f"--dry-run cannot be used with {what}: it changes no file"
        raise UsageError(message, hint=f"leave out --dry-run or {what}")
    from fi_bump.commands.set_and_commit import following

    with following(options.root, options.body, options.commit, options.commit_seconds) as after:
        return _run(options, after=after, confirm=confirm)


def _rehearse(options: SetOptions) -> int:
    """Print the patch to standard output, and to standard error what `set` would print; return its exit code."""
    patch = sys.stdout
    patch.flush()
    with redirect_stdout(sys.stderr):
        return _run(options, patch=patch)


def _run(
    options: SetOptions,
    after: Following | None = None,
    patch: TextIO | None = None,
    confirm: Callable[[], bool] | None = None,
) -> int:
    """Move the groups, or with `patch` write the patch to that stream and change no file; `confirm` is that of run."""
    repository = open_repository(options.root)
    request = read_request(repository, options.targets, newest=True)
    rehearses = patch is not None or confirm is not None
    scan: Scan | None = None
    flight = None
    with Ahead(repository) as ahead:
        if options.online is not None:
            scan = _scan(repository, request, quick=True)
            flight = _preflight(repository, request, scan, options, ahead if rehearses else None)
            request = flight.request
            if _stopped(repository, request, flight, options):
                return int(Exit.FINDINGS)
        elif NEWEST in request.versions.values():
            hint = "leave out --offline, or name a version"
            raise UsageError(f"without the package indexes it is not known which version is the {NEWEST}", hint=hint)
        if rehearses:
            scan = scan or _scan(repository, request, quick=True)
            files = ahead.mentioning(request, scan)
            plan, findings = _plan(repository, request, scan, flight, ahead.plan)
            if findings:
                return _refuse(findings, flight)
            write_patch(repository.diff(plan), patch)
            report(repository, plan, request, scan, flight, files)
    if rehearses and confirm is None:
        return int(Exit.OK)
    if confirm is not None and not confirm():
        say(["nothing was changed"])
        return int(Exit.FINDINGS)
    return _write(repository, request.targets, flight, after, shown=confirm is not None)


def _stopped(repository: Repository, request: Request, flight: Preflight, options: SetOptions) -> bool:
    """Say why the indexes' answers forbid the move, if they do, and return whether they do."""
    if flight.refusals:
        helps = [f"help: {remedy}" for remedy in flight.remedies]
        say([*flight.refusals, "nothing was changed", *helps])
        return True
    breaks = any(each.fails for each in flight.fits)
    if options.strict and flight.audit and (flight.audit.conflicts or breaks or flight.young):
        say_conflicts(repository, request, flight)
        say(flight.young)
        say_notes(flight)
        say(["nothing was changed"])
        return True
    return False


def _write(
    repository: Repository, targets: tuple[str, ...], flight: Preflight | None, after: Following | None, *, shown: bool
) -> int:
    """Move the groups, and print what was moved, unless it was `shown` before."""
    # A rehearsal needs no writer, nor what finishes the change of a killed one.
    from fi_bump.commands.locked import locked_repository

    with ExitStack() as until_reported:
        with locked_repository(repository.root) as repository:
            request = read_request(repository, targets)
            scan = _scan(repository, request)
            files = None if shown else until_reported.enter_context(Ahead(repository)).mentioning(request, scan)
            plan, findings = _plan(repository, request, scan, flight)
            if findings:
                return _refuse(findings, flight)
            if after is not None:
                after.refuse(repository, plan)
            repository.apply(plan, f"set {' '.join(targets)}")
        if shown:
            say([f"wrote {count(len(plan.changes), 'file')} and {LOCK_NAME}"])
        else:
            report(repository, plan, request, scan, flight, files)
    if after is not None:
        after.finish(repository, plan, request, scan, flight)
    elif not (flight and flight.audit and flight.audit.conflicts):
        say_next(_next(request))
    return int(Exit.OK)


def _preflight(
    repository: Repository, request: Request, scan: Scan, options: SetOptions, ahead: Ahead | None
) -> Preflight:
    # Importing the index client takes longer than all the rest of `set`.
    from fi_bump.audit.preflight import preflight

    def meanwhile() -> None:
        if ahead is not None:
            ahead.begin(request, scan)

    assert options.online is not None  # the caller asks only then
    sums = options.update_checksums
    return preflight(repository.root, request, scan, options.online, code=True, checksums=sums, meanwhile=meanwhile)


def _scan(repository: Repository, request: Request, *, quick: bool = False) -> Scan:
    """Scan the tree. With `quick`, only to look: see `quick_scan`."""
    wanted = repository._replace(lock=request.lock)
    words = words_of_versions(
        repository.lock, [each for each in repository.lock.groups if each.name in request.versions]
    )
    return wanted.quick_scan(words) if quick else wanted.scan(words=words)


def _plan(
    repository: Repository, request: Request, scan: Scan, flight: Preflight | None, early: Plan | None = None
) -> tuple[Plan, list[Finding]]:
    checksums = flight.renewed.checksums if flight else None
    return plan_move(repository, request, scan, flight.files if flight else None, checksums, early)


def _refuse(findings: list[Finding], flight: Preflight | None) -> int:
    unknown = flight.renewed.unknown if flight else ()
    say([*(finding_line(finding) for finding in findings), *unknown, "nothing was changed", *help_lines(findings)])
    return int(Exit.FINDINGS)


def _next(request: Request) -> str:
    """Return what follows a move without conflicts: `smoke` if its probes can test the group, else `check`."""
    from fi_bump.smoke.registry import judged

    names = {group.name for group in judged(request.lock, None)}
    tested = [name for name in request.versions if name in names]
    if not tested:
        return "fi-bump check"
    return "fi-bump smoke on a GPU" if len(names) == 1 else f"fi-bump smoke --group {tested[0]} on a GPU"
