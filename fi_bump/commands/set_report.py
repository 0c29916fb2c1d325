"""What `set` prints: conflicts, what moved, how the code fits, and what a person must look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fi_bump.editing.plan import Plan
from fi_bump.findings.of_check import lock_files
from fi_bump.grammar import is_literal_anchor
from fi_bump.lock.records import Group
from fi_bump.ownership import assign
from fi_bump.pins import IMAGE, Kind, Pin
from fi_bump.releases.release_pages import release_page
from fi_bump.report.finding_lines import count, mention_line, move_lines, pins_in_files
from fi_bump.repository import Repository
from fi_bump.request import Request, named_group
from fi_bump.scanning import mentions
from fi_bump.scanning.mention_files import MentionFiles
from fi_bump.scanning.scan import Scan
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say
from fi_bump.terminal.wanted import on_terminal

if TYPE_CHECKING:
    from fi_bump.audit.preflight import Preflight

# Notes about the code beyond this number are left to `audit --api`.
_MOST_API_FINDINGS = 10


def report(
    repository: Repository,
    plan: Plan,
    request: Request,
    scan: Scan,
    flight: Preflight | None,
    files: MentionFiles | None = None,
) -> None:
    """Print what a move changed, or would change, between the conflicts of the audit and its notes.

    `files` are those that may mention a version which moves, if they are looked for already.
    """
    if flight:
        say_conflicts(repository, request, flight)
    say(line for change in plan.changes for line in move_lines(change))
    tell("moves", lambda: _moves(plan))
    tell("groups", lambda: [_moved_group(request, *each) for each in request.versions.items()])
    changed = {move.pin for change in plan.changes for move in change.moves}
    assigned = assign(plan.lock, scan.pins)
    for name, version in request.versions.items():
        group = named_group(request.lock, name)
        moved = [pin for pin, owner, _ in assigned if owner and owner.name == name and pin in changed]
        if group.version == version and not moved:
            recorded = ", and its checksums are now in the lock" if named_group(plan.lock, name) != group else ""
            say([f"{name} is already at {version}{recorded}"])
            continue
        change = f"{group.version} -> {version}" if group.version != version else f"stays at {version}"
        what = pins_in_files(moved) if moved else "only the lock"
        say([f"{name} {change}: {what}{'' if flight else ', no index asked'}"])
        compiled = {pin.source.path: pin.command for pin in moved if pin.command}
        say([f"note: {path} is compiled; regenerate it with: {command}" for path, command in compiled.items()])
        say(f"note: {line}" for line in dict.fromkeys(_unknown_files(request, moved)))
        if group.version != version:
            _say_release_notes(group, version, flight)
            _report_mentions(repository, group, version, scan, moved, plan, files)
    if flight:
        say(_notes(flight))
        say_notes(flight)


def say_conflicts(repository: Repository, request: Request, flight: Preflight) -> None:
    """Print the conflicts of this move, and the command that resolves them.

    A terminal shows conflicts as `audit` does: the lines themselves, in colour, and a summary at the end.
    """
    from fi_bump.audit.words import conflict_lines, proposed_command, summary

    audit = flight.audit
    if audit is None or not audit.conflicts:
        return
    command = proposed_command(request.lock, request.versions, audit)
    if on_terminal():
        from fi_bump.report.findings.formats import emit
        from fi_bump.report.findings.from_audit import Closing, audit_report

        closing = Closing(summary(request.lock, request.versions, audit), command, False)
        alone = audit._replace(notes=())
        emit(audit_report(repository.root, request.lock, alone, [], closing), "text", repository.root)
        return
    say([*conflict_lines(audit), *([command] if command else [])])


def say_notes(flight: Preflight) -> None:
    """Print the notes of the audit, and how the code fits."""
    from fi_bump.audit.words import note_lines
    from fi_bump.report.api.text import fit_lines

    if flight.audit is not None:
        say([*note_lines(flight.audit), *fit_lines(flight.fits, most=_MOST_API_FINDINGS)])


def _notes(flight: Preflight) -> list[str]:
    return [f"note: {note}" for note in (*flight.young, *flight.notes)]


def _say_release_notes(group: Group, version: str, flight: Preflight | None) -> None:
    """Print the release notes on the way if they were asked for; else, on a terminal only, where they are."""
    found = next((each for each in flight.release_notes if each.group == group.name), None) if flight else None
    if found is None:
        page = release_page(group, version) if on_terminal() else None
        say([] if page is None else [f"release notes: {page}"])
        return
    from fi_bump.report.json.release_notes import notes_json
    from fi_bump.report.release_notes import release_note_lines

    say(release_note_lines(found))
    tell("releaseNotes", lambda: notes_json(found))


def _unknown_files(request: Request, moved: list[Pin]) -> Iterator[str]:
    """Yield a line for each moved URL and image tag that no index and no release page of the lock answers for."""
    repositories = {repository for group in request.lock.groups for repository in group.repositories}
    for pin in moved:
        if pin.kind is Kind.LITERAL and IMAGE in pin.anchor and not is_literal_anchor(pin.anchor):
            yield f"{pin.place.at_line}: the image tag moved too; make sure that the image exists before you merge"
        line = pin.source.line(pin.span.start).decode("utf-8", "replace")
        found = pin.kind is Kind.URL and pin.subject not in repositories
        if found and "://" in line and not any(f"//{repository}/" in line.lower() for repository in repositories):
            yield f"{pin.place.at_line}: the address moved too; make sure that its file exists before you merge"


def _report_mentions(
    repository: Repository,
    group: Group,
    version: str,
    scan: Scan,
    moved: list[Pin],
    plan: Plan,
    files: MentionFiles | None,
) -> None:
    """Print the lines that still mention the old version, and the lock files that must be regenerated."""
    after = group._replace(version=version)
    written = {change.source.path: change.new for change in plan.changes}
    found = mentions.to_look_at(repository.root, repository.lock, after, group.version, scan, moved, written, files)
    if found:
        say([f"{count(len(found), 'place')} to look at:"])
        say([f"  {mention_line(mention)}" for mention in found])
    say([f"note: {place}" for place in lock_files(after, scan)])


def _moves(plan: Plan) -> list[dict[str, Any]]:
    from fi_bump.report.json.answer import moved_pins  # `--format json` alone needs it.

    return moved_pins(plan.changes)


def _moved_group(request: Request, name: str, version: str) -> dict[str, Any]:
    return {"name": name, "from": named_group(request.lock, name).version, "to": version}
