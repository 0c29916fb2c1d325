"""Tables of plain text, as rich prints them in a pipe and on a terminal: importing rich takes longer than a check.

A test compares each with rich's.
"""

from __future__ import annotations

import os
import sys

from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# With these rich prints other styles, or another width, than it does otherwise.
_ASKED = ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS", "JUPYTER_LINES")
_WITHOUT_STYLES = ("dumb", "unknown")
_WIDEST = 5000
# How far the other cells of a row are from the edge in a list.
INDENT = 6
_BOLD, _DIM = "1", "2"


class Cell(NamedTuple):
    """A text in a table, and what a terminal shows of it: the code of its colour, and a link, not for blanks before."""

    text: str
    code: str = ""
    address: str | None = None

    def shown(self) -> str:
        """Return the text, on a terminal with its colour and its link."""
        text = visible(self.text)
        if not sys.stdout.isatty() or not (self.code or self.address):
            return text
        from fi_bump.terminal.paint import linked, style

        start = len(text) - len(text.lstrip(" "))
        painted = style(text[start:], self.code) if self.code else text[start:]
        return text[:start] + linked(painted, self.address)


def is_plain(texts: Iterable[str], lines: Iterable[str] = ()) -> bool:
    """Whether rich would print these texts as they are, one column for each character, and break none of the lines.

    The styles of a terminal are then those of `Cell.shown`.
    """
    terminal = sys.stdout.isatty()
    if any(map(os.environ.__contains__, _ASKED)) or (terminal and os.environ.get("TERM") in _WITHOUT_STYLES):
        return False
    longest = width() if terminal else _WIDEST
    shown = [*map(visible, lines)]
    return all(
        text.isascii() and text.isprintable() and len(text) < _WIDEST for text in (*map(visible, texts), *shown)
    ) and all(len(line) <= longest for line in shown)


def width() -> int:
    """Return the columns of the terminal, as shutil.get_terminal_size does, whose import takes longer."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return the lines of a table with two blanks between its columns. Every row has a cell for each column.

    Where a terminal is too narrow for it, each row is a list, so that no cell is broken.
    """
    cells = [[Cell(text, _BOLD) for text in header], *rows]
    widths = [max([len(visible(cell.text)) for cell in column]) for column in zip(*cells, strict=True)]
    if sys.stdout.isatty() and sum(widths) + 2 * (len(header) - 1) > width():
        return [line for row in rows for line in _listed(header, row)]
    return ["  ".join([_padded(*each) for each in zip(row, widths, strict=True)]).rstrip(" ") for row in cells]


def heading(name: str, version: str) -> str:
    """Return the line above the table of a group."""
    return f"{Cell(name, _BOLD).shown()} {visible(version)}"


def text_of(lines: Iterable[str]) -> str:
    """Return lines as rich prints them, without blanks at their ends."""
    return "".join([f"{line.rstrip(' ')}\n" for line in lines])


def _padded(cell: Cell, columns: int) -> str:
    return cell.shown() + " " * (columns - len(visible(cell.text)))


def _listed(header: Sequence[str], row: Sequence[Cell]) -> list[str]:
    """Return the lines of one row: its first cell, to be copied, and below it the others with their columns."""
    rest = [(name, cell) for name, cell in zip(header[1:], row[1:], strict=True) if cell.text]
    shown = [Cell(f"{name} ", _DIM).shown() + cell.shown() for name, cell in rest]
    fits = INDENT + sum([len(name) + 1 + len(visible(cell.text)) + 2 for name, cell in rest]) - 2 <= width()
    return [row[0].shown(), *[" " * INDENT + line for line in (["  ".join(shown)] if fits else shown)]]
