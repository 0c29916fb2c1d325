"""Write a change as the body of a pull request, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from fi_bump.change.model import Description
from fi_bump.report.change.sections import (
    Code,
    ComparedTests,
    Items,
    Link,
    Rows,
    Section,
    Smoke,
    Words,
    sections,
    summary,
    title,
)
from fi_bump.report.compare.markdown import markdown_text as compare_markdown
from fi_bump.report.finding_lines import count
from fi_bump.report.markdown_escape import code, items, plain, table
from fi_bump.report.smoke.markdown import markdown_text

# A longer table or list is folded, so that a reviewer sees the other sections.
MOST_ROWS = 20
# GitHub refuses a longer body.
LONGEST = 65_536
_LONGEST_LINE = 1000
# The end tag closes a part that is folded; elsewhere a renderer ignores it.
_CUT = "\n\n</details>\n\nThe rest is left out: the body would be longer than the host takes.\n"


def body_text(about: Description) -> str:
    """Return a heading, the summary, and the sections of the change, in at most LONGEST characters.

    Of long tables and lists only the first rows are there, as many as fit; a line tells how many are left out.
    """
    most: int | None = None
    while len(text := _body(about, most)) > LONGEST and most != 0:
        most = 512 if most is None else most // 2
    if len(text) <= LONGEST:
        return text
    # A section that has no rows, such as the report of a run of tests.
    return text[: LONGEST - len(_CUT)].rpartition("\n")[0] + _CUT


def _body(about: Description, most: int | None) -> str:
    """Return the body with at most `most` rows or items in each section."""
    blocks = [f"## {plain(title(about)[:_LONGEST_LINE])}\n", f"{plain(summary(about))}\n"]
    return "\n".join([*blocks, *(block for each in sections(about) for block in _section(each, most))])


def _section(section: Section, most: int | None) -> Iterator[str]:
    match section.block:
        case Rows():
            text = _rows(section.block, most)
        case Items():
            shown = [_words(each) for each in section.block.items[:most]]
            shown += _left_out(len(section.block.items), most, section.block.what)
            text = _folded(items(shown), len(shown), section.block.what)
        case ComparedTests():
            # One level below the section's own heading.
            text = f"#{compare_markdown(section.block.comparison)}"
        case Smoke():
            # One more `#`: the report's heading goes one level below the section's.
            text = f"#{markdown_text(section.block.report)}"
        case _:
            assert_never(section.block)
    yield f"### {plain(section.title)}\n"
    yield text


def _rows(rows: Rows, most: int | None) -> str:
    text = table(rows.header, [[_words(cell, cell=True) for cell in row] for row in rows.rows[:most]])
    text += "".join(f"\n{line}\n" for line in _left_out(len(rows.rows), most, rows.what))
    return _folded(text, len(rows.rows), rows.what)


def _left_out(number: int, most: int | None, what: str) -> list[str]:
    """Return the line that tells how many rows are left out, if any."""
    return [] if most is None or number <= most else [f"and {count(number - most, f'more {what}')}"]


def _folded(text: str, number: int, what: str) -> str:
    if number <= MOST_ROWS:
        return text
    return f"<details><summary>{count(number, what)}</summary>\n\n{text}\n</details>\n"


def _words(words: Words, *, cell: bool = False) -> str:
    return "".join(_piece(each, cell=cell) for each in words)


def _piece(piece: str | Code | Link, *, cell: bool) -> str:
    match piece:
        case Code():
            return code(piece.text, cell=cell)
        case Link():
            return f"[{plain(piece.text)}]({piece.url})"
        case str():
            return plain(piece if len(piece) <= _LONGEST_LINE else f"{piece[:_LONGEST_LINE]}…")
        case _:
            assert_never(piece)
