"""Escape untrusted text for Markdown, so that it is shown literally."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fi_bump.untrusted import printable

_LONGEST = 1000
# What hosts of repositories make a link of without any markup: addresses and GH-12, which an empty space ends, and the
# names of commits, which have at least seven digits.
# A quotation or a list begins with these at the start of a text.
_BLOCK = re.compile(r"\A(\s*(?:[0-9]{1,9}(?=[.)](?:\s|\Z)))?)(?=(?:>|[-+](?:\s|\Z)|(?<=[0-9])[.)]))(.)")
_LINKED = re.compile(r"\b(?:(?:https?|ftp|mailto|xmpp):|www\.|gh-(?=\d))", re.IGNORECASE)
_COMMIT = re.compile(
    r"(?<![0-9a-z])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,40}(?![0-9a-z])",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Escape text so that Markdown shows it literally: no emphasis, cell, HTML, or reference to a user or an issue."""
    # Four spaces at the start of a line would begin a block of code, in which no escape works.
    shown = re.sub(r"\A\s+", " ", "".join(each if each.isprintable() else " " for each in text))
    escaped = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", shown).replace("&", "&amp;").replace("<", "&lt;")
    escaped = re.sub(r"#(?=\d)", "#&#8203;", escaped).replace("@", "@&#8203;")
    escaped = _BLOCK.sub(r"\1\\\2", escaped)
    escaped = _LINKED.sub(r"\g<0>&#8203;", escaped)
    return _COMMIT.sub(lambda match: "&#8203;".join(re.findall(".{1,6}", match[0])), escaped)


def linked(text: str, address: str) -> str:
    """Return a link to a web address, or its escaped text and address if the address has a character that ends it."""
    if re.fullmatch(r"https://[\w./~%+:?=-]+", address, re.ASCII):
        return f"[{plain(text)}]({address})"
    return f"{plain(text)}, {plain(address)}"


def code(text: str, *, cell: bool = False) -> str:
    """Return text as inline code on one line. With `cell`, escape pipes: in a table they end a cell even in code."""
    # No escape works in a code span: an empty space keeps a CI's runner from reading a command in a printed document.
    shown = re.sub(r"##(?=[A-Za-z]*\[)", "##\u200b", printable(text, _LONGEST))
    # The text cannot end a code span whose fence is longer than any run of backticks in it.
    ticks = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    shown = shown.replace("|", "\\|") if cell else shown
    edge = " " if not shown or shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{edge}{shown}{edge}{ticks}"


def items(lines: Iterable[str]) -> str:
    """Return a list. The lines must already be Markdown."""
    return "".join(f"- {line}\n" for line in lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. The cells must already be Markdown."""
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"| {' | '.join(header)} |\n|{' --- |' * len(header)}\n{body}"
