"""Write a change as the body of a pull request, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from fi_bump.change.model import Description
from fi_bump.report.change.words import (
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
from fi_bump.report.markdown_escape import code, items, plain, table
from fi_bump.report.smoke.markdown import markdown_text
from fi_bump.report.text import count

# A longer table or list is folded, so that a reviewer sees the other sections.
MOST_ROWS = 20


def body_text(about: Description) -> str:
    """Return a heading, the summary, and the sections of the change."""
    blocks = [f"## {plain(title(about))}\n", f"{plain(summary(about))}\n"]
    return "\n".join([*blocks, *(block for each in sections(about) for block in _section(each))])


def _section(section: Section) -> Iterator[str]:
    match section.block:
        case Rows():
            text = _rows(section.block)
        case Items():
            text = _folded(items(map(_words, section.block.items)), len(section.block.items), section.block.what)
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


def _rows(rows: Rows) -> str:
    text = table(rows.header, [[_words(cell, cell=True) for cell in row] for row in rows.rows])
    return _folded(text, len(rows.rows), rows.what)


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
            return plain(piece)
        case _:
            assert_never(piece)
