"""Print the tables of `init`, `status` and `latest` with rich."""

from __future__ import annotations

import io
import shutil
import sys
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fi_bump.boundary.here import shown as shown_path
from fi_bump.ownership import Assigned, agrees
from fi_bump.report import latest
from fi_bump.report.plain import INDENT
from fi_bump.report.status import COLUMNS, STATES, ShownGroup, quoted_site
from fi_bump.terminal.output import write_bytes
from fi_bump.terminal.wanted import on_terminal
from fi_bump.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fi_bump.lock.records import Group
    from fi_bump.releases.choices import ReleaseChoice
    from fi_bump.report.latest import ShownLatest


class _ConsoleOutput(io.TextIOBase):
    """A stream for rich that writes through `terminal.output`; in a pipe it strips spaces at line ends."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        *lines, rest = text.split("\n")
        shown = text if self.isatty() else "\n".join([*(line.rstrip(" ") for line in lines), rest])
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


def link_to(path: str) -> str:
    """Return the style that links a file's text to the file on terminals that can (OSC 8); "" if there is none."""
    return link_to_shown(shown_path(path))


def link_to_shown(path: str) -> str:
    """Like `link_to`, for a path as it is shown."""
    from fi_bump.terminal.paint import file_address, wanted

    address = file_address(path) if wanted(sys.stdout) else None
    return "" if address is None else f"link {address}"


def _site(text: str) -> Text:
    """Return a site as a cell. On a terminal it is quoted where a shell needs that, and leads to its file."""
    site = text.strip()
    if not on_terminal():
        return shown(text)
    return Text.assemble("  ", shown(quoted_site(site), link_to_shown(site.partition("#")[0])))


# The colours of the words that a table has for a state, as those of a finding: red fails a check.
_STATES = {
    **STATES,
    "as the engine": "green",
    "differs": "bold red",
    "cannot be read": "bold red",
    "no lock": "yellow",
}


def state(text: str) -> Text:
    """Return a state as a cell, in its colour."""
    return shown(text, _STATES.get(text, "bold red" if text.split(" ")[-1] in ("finding", "findings") else ""))


def behind(text: str) -> Text:
    """Return the release that a group is behind as a cell, in the colour of a warning."""
    return shown(text, "yellow")


def print_rows(out: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Print a table; where the terminal is too narrow for it, print each row as a list, so that no cell is broken.

    In a list the first cell has a line of its own, whole, to be copied; below it are the others with their columns.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ignore")
    for row in rows:
        table.add_row(*row)
    widths = [max([len(column), *(row[place].cell_len for row in rows)]) for place, column in enumerate(columns)]
    if not on_terminal() or sum(widths) + 2 * (len(columns) - 1) <= out.width:
        out.print(table)
        return
    for row in rows:
        out.print(row[0], soft_wrap=True)
        rest = [
            Text.assemble((f"{column} " if column else "", "dim"), cell)
            for column, cell in zip(columns[1:], row[1:], strict=True)
            if cell.plain
        ]
        fits = INDENT + sum(each.cell_len + 2 for each in rest) - 2 <= out.width
        for line in [Text("  ").join(rest)] if fits else rest:
            out.print(Text.assemble(" " * INDENT, line), soft_wrap=True)


def _heading(group: Group | ShownGroup) -> Text:
    return Text.assemble(shown(group.name, "bold"), " ", shown(group.version))


def print_pins(assigned: list[Assigned]) -> None:
    """Print each pin's place, anchor and version, marked if the version differs from its group's."""
    rows = []
    for pin, group, _ in assigned:
        differs = group is not None and not agrees(pin.version, group.version)
        rows.append((*map(shown, (str(pin.place), pin.anchor, pin.version)), state("differs" if differs else "")))
    print_rows(console(), ("place", "anchor", "version", ""), rows)


def print_status(groups: Sequence[ShownGroup]) -> None:
    """Print each group with its members and the state of each site."""
    out = console()
    for group in groups:
        out.print(_heading(group))
        for line in group.lines:
            out.print(shown(line))
        print_rows(out, COLUMNS, [(_site(site), shown(version), state(what)) for site, version, what in group.rows])


def print_latest(groups: Sequence[ShownLatest]) -> None:
    """Print each group with its members, the sentences about it and the release notes."""
    out = console()
    for each in groups:
        out.print(_heading(each.group))
        rows = [
            (shown(package), _release(each.group, version), shown(date), shown(index))
            for package, version, date, index in each.rows
        ]
        print_rows(out, latest.COLUMNS, rows)
        for sentence in each.sentences:
            out.print(shown(sentence))
        for line in each.release_notes:
            out.print(shown(line), soft_wrap=True)


def print_choices(group: Group, found: Sequence[ReleaseChoice]) -> None:
    """Print the releases that a group can move to, numbered, with their dates and remarks."""
    out = console()
    out.print(_heading(group))
    rows = [
        (
            shown(str(number)),
            _release(group, str(choice.version)),
            shown(str(choice.uploaded or "-")),
            shown("; ".join(choice.remarks)),
        )
        for number, choice in enumerate(found, 1)
    ]
    print_rows(out, ("", "release", "uploaded", ""), rows)


def _release(group: Group, version: str) -> Text:
    page = latest.page_of_cell(group, version)
    return shown(version, f"link {page}" if page is not None else "")
