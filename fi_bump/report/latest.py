"""What `latest` prints of each group, and its text without rich."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from fi_bump.lock.records import Group
from fi_bump.releases.release_pages import release_page
from fi_bump.report.finding_lines import count
from fi_bump.report.plain import Cell, heading, is_plain, table, text_of
from fi_bump.report.release_notes import release_note_lines
from fi_bump.terminal.wanted import on_terminal
from fi_bump.untrusted import visible

if TYPE_CHECKING:
    from fi_bump.releases.latest import GroupLatest

COLUMNS = ("  package", "newest", "date", "index")


class ShownLatest(NamedTuple):
    """A group, a row for each member, sentences about the group, and the lines of the release notes."""

    group: Group
    rows: tuple[tuple[str, str, str, str], ...]
    sentences: tuple[str, ...]
    release_notes: tuple[str, ...]


def shown_latest(each: GroupLatest) -> ShownLatest:
    """Return the locked version, each member's newest version, and the newest that all members have, as texts."""
    rows = [
        (
            f"  {member.member.name}",
            str(member.version) if member.version else "-",
            member.date or "-",
            member.index_url or "-",
        )
        for member in each.members
    ]
    notes = (*([each.young.message] if each.young else []), *each.failures, *each.counted.notes)
    return ShownLatest(
        each.group,
        tuple(rows),
        (f"  {_verdict(each)}", *[f"  note: {note}" for note in notes]),
        tuple(f"  {line}" for line in release_note_lines(each.release_notes)) if each.release_notes is not None else (),
    )


def plain_latest(groups: Sequence[ShownLatest]) -> str | None:
    """Return the text of `latest` as rich prints it, or None where only rich knows how it looks."""
    texts = [text for each in groups for text in (each.group.name, each.group.version, *sum(each.rows, ()))]
    sentences = [line for each in groups for line in (*each.sentences, *each.release_notes)]
    if not is_plain(texts, [*(f"{each.group.name} {each.group.version}" for each in groups), *sentences]):
        return None
    lines = []
    for each in groups:
        group = each.group
        rows = [
            (Cell(package), Cell(version, "", page_of_cell(group, version)), Cell(date), Cell(index))
            for package, version, date, index in each.rows
        ]
        lines += [
            heading(group.name, group.version),
            *table(COLUMNS, rows),
            *map(visible, (*each.sentences, *each.release_notes)),
        ]
    return text_of(lines)


def page_of_cell(group: Group, version: str) -> str | None:
    """Return the address that a version in a table leads to on a terminal that can (OSC 8): the release's page."""
    return release_page(group, version) if version != "-" and on_terminal() else None


def _verdict(each: GroupLatest) -> str:
    locked = each.group.version
    if each.common is None:
        return f"no version that every member has is as new as {locked}, the locked one"
    audit = f"{count(each.conflicts, 'conflict') if each.conflicts else 'no conflicts'}"
    audit += f", {count(each.notes, 'note')}" if each.notes else ""
    audit += f": see fi-bump audit {each.group.name}=={each.common}" if each.conflicts or each.notes else ""
    if each.is_behind:
        move = f"run fi-bump set {each.group.name}=={each.common}"
        return f"newest version that every member has: {each.common} ({audit}); {move}"
    ripe = " and that is old enough" if each.young else ""
    return f"up to date: {locked} is the newest version that every member has{ripe} ({audit})"
