"""Print the tables of `init`, `status` and `latest` with rich."""

from __future__ import annotations

import io
import re
import shutil
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fi_bump.ownership import Assigned
from fi_bump.report.status import COLUMNS, ShownGroup
from fi_bump.report.text import count
from fi_bump.terminal.output import write_bytes
from fi_bump.terminal.wanted import on_terminal
from fi_bump.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fi_bump.lock import Group
    from fi_bump.releases.choices import ReleaseChoice
    from fi_bump.releases.latest import GroupLatest


class _ConsoleOutput(io.TextIOBase):
    """A stream for rich that writes through `terminal.output`; in a pipe it strips spaces at line ends."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        shown = text if self.isatty() else re.sub(" +(?=\n)", "", text)
        write_bytes(shown.encode("utf-8"))
        return len(text)

    def isatty(self) -> bool:
        return on_terminal()


def console() -> Console:
    """Return a console for standard output: no colour under NO_COLOR or in a pipe, and no wrapping in a pipe."""
    width = shutil.get_terminal_size().columns if on_terminal() else 1_000_000
    return Console(file=cast(TextIO, _ConsoleOutput()), width=width, highlight=False, soft_wrap=not on_terminal())


def shown(text: str, style: str = "") -> Text:
    """Return a text for the console: rich reads no markup in it, and it cannot add a line or a command.

    rich measures a tab as nothing and would break the row where it is.
    """
    return Text(visible(text).replace("\t", "\\t"), style)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _heading(group: Group | ShownGroup) -> Text:
    return Text.assemble(shown(group.name, "bold"), " ", shown(group.version))


def pins_table(assigned: list[Assigned]) -> Table:
    """Return a table with each pin's place, anchor and version, marked if the version differs from its group's."""
    table = _table("place", "anchor", "version", "")
    for pin, group, _ in assigned:
        differs = group is not None and pin.version != group.version
        cells = (str(pin.place), pin.anchor, pin.version, "differs" if differs else "")
        table.add_row(*map(shown, cells))
    return table


def print_pins(assigned: list[Assigned]) -> None:
    """Print `pins_table`."""
    console().print(pins_table(assigned))


def print_status(groups: Sequence[ShownGroup]) -> None:
    """Print each group with its members and the state of each site."""
    out = console()
    for group in groups:
        out.print(_heading(group))
        for line in group.lines:
            out.print(shown(line))
        table = _table(*COLUMNS)
        for row in group.rows:
            table.add_row(*map(shown, row))
        out.print(table)


def print_latest(found: list[GroupLatest]) -> None:
    """Print each group: the locked version, each member's newest version, and the newest that all members have."""
    out = console()
    for each in found:
        out.print(_heading(each.group))
        table = _table("  package", "newest", "date", "index")
        for member in each.members:
            version = str(member.version or "-")
            table.add_row(
                *map(shown, (f"  {member.member.name}", version, member.date or "-", member.index_url or "-"))
            )
        out.print(table)
        out.print(shown(f"  {_verdict(each)}"))
        for note in (*([each.young.message] if each.young else []), *each.failures, *each.counted.notes):
            out.print(shown(f"  note: {note}"))


def print_choices(group: Group, found: Sequence[ReleaseChoice]) -> None:
    """Print the releases that a group can move to, numbered, with their dates and remarks."""
    out = console()
    out.print(_heading(group))
    table = _table("", "release", "uploaded", "")
    for number, choice in enumerate(found, 1):
        remarks = "; ".join(choice.remarks)
        table.add_row(*map(shown, (str(number), str(choice.version), str(choice.uploaded or "-"), remarks)))
    out.print(table)


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
