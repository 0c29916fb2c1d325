"""Foreign text on its way into Markdown: shown as it is, whatever is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fi_bump.untrusted import printable

_LONGEST = 1000


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no emphasis, no table cell, no HTML, no mention of anybody or of an issue."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    escaped = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", shown).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"#(?=\d)", "#&#8203;", escaped).replace("@", "@&#8203;")


def code(text: str, *, cell: bool = False) -> str:
    """Text as code, in one line; in a table's cell a pipe would end it even within code."""
    shown = printable(text, _LONGEST)
    # A run of backticks longer than any in the text cannot be closed by it.
    ticks = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    shown = shown.replace("|", "\\|") if cell else shown
    edge = " " if not shown or shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{edge}{shown}{edge}{ticks}"


def items(lines: Iterable[str]) -> str:
    """A list of lines that are Markdown already."""
    return "".join(f"- {line}\n" for line in lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"| {' | '.join(header)} |\n|{' --- |' * len(header)}\n{body}"
