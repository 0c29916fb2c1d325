"""Entries on their way to a reader: cases of one file that share a fate are one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fi_bump.compare.model import CaseChange, ChangeKind
from fi_bump.report.compare_text import detail, messages
from fi_bump.report.finding_lines import count
from fi_bump.untrusted import one_line

# From this many on, cases of one file with the same fate are not listed one by one.
_MANY = 4


class Line(NamedTuple):
    """One case, or several of one file: what it is called, what was seen, and the messages behind it."""

    name: str
    detail: str
    messages: tuple[tuple[str, str], ...]
    blocks: bool
    cases: int = 1


def lines(entries: Iterable[CaseChange]) -> list[Line]:
    """A line for each case, or for all vanished or new cases of one file or class with the same detail."""
    groups: dict[object, list[CaseChange]] = {}
    for entry in entries:
        alike = entry.kind in (ChangeKind.VANISHED, ChangeKind.NEW_CASE) and entry.owner
        groups.setdefault((entry.owner, entry.detail, entry.blocks) if alike else entry, []).append(entry)
    found = []
    for group in groups.values():
        if len(group) < _MANY:
            found += [_line(entry) for entry in group]
        else:
            first = group[0]
            name = f"{one_line(first.owner)}: {count(len(group), 'case')}"
            found.append(Line(name, one_line(detail(first)), (), first.blocks, len(group)))
    return found


def _line(entry: CaseChange) -> Line:
    return Line(one_line(entry.case), one_line(detail(entry)), tuple(messages(entry)), entry.blocks)
