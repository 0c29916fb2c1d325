"""Tables in a pipe, as rich prints them there: importing rich takes longer than the check of a tree.

A test compares each with rich's.
"""

from __future__ import annotations

import os
import sys

from fi_bump.records import TYPE_CHECKING
from fi_bump.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# With these rich prints styles, or another width, where there is no terminal.
_ASKED = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS", "JUPYTER_LINES")
_WIDEST = 5000


def is_plain(texts: Iterable[str]) -> bool:
    """Whether rich would print these texts without styles and as they are, one column for each character."""
    return (
        not sys.stdout.isatty()
        and not any(map(os.environ.__contains__, _ASKED))
        and all(text.isascii() and text.isprintable() and len(text) < _WIDEST for text in map(visible, texts))
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table with two blanks between its columns. Every row has a cell for each column."""
    cells = [list(map(visible, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip(" ") for row in cells]
