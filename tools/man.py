"""Make the man page, man/fi-bump.1, of the same typer commands as the help.

tools/command_line.py writes and checks it with its tables, and `make docs` runs that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fi_bump.errors import Exit

PAGE = "man/fi-bump.1"
_VARIABLES = (
    ("FI_BUMP_OFFLINE", "With 1, set and pr-body ask no package index; a command that must ask one refuses."),
    ("FI_BUMP_NO_CACHE", "With 1, check reads every file, and keeps no cache."),
    ("FI_BUMP_TRACEBACK", "With 1, an unexpected error shows its traceback."),
    ("NO_COLOR", "With any value, the output has no colour."),
)


def man_page(commands: list[tuple[tuple[str, ...], Any]]) -> str:
    """Return the page for the commands and their contexts, the whole application first."""
    (_, top), *inner = commands
    lines = [
        '.\\" Made by tools/command_line.py from fi_bump/cli. Do not edit.',
        # Without a date: the page must not change when only the day does.
        '.TH FI\\-BUMP 1 "" "fi\\-bump" "User Commands"',
        ".SH NAME",
        "fi\\-bump \\- keep every version pin of a GPU package in step with one lock",
        ".SH SYNOPSIS",
        ".B fi\\-bump",
        _escaped("[-C DIR] COMMAND [OPTIONS] [ARGUMENTS]"),
        ".SH DESCRIPTION",
        *_paragraphs(top.command.help),
        ".SH OPTIONS",
        *_options(top),
        ".SH COMMANDS",
    ]
    for words, context in inner:
        command = context.command
        if command.hidden:
            continue
        lines.append(f".SS {_escaped(' '.join(['fi-bump', *words, *command.collect_usage_pieces(context)]))}")
        lines += [*_paragraphs(command.help), *_options(context)]
    lines.append(".SH EXIT STATUS")
    for code in Exit:
        lines += [".TP", f".B {int(code)}", _escaped(f"{code.phrase[:1].upper()}{code.phrase[1:]}.")]
    lines.append(".SH ENVIRONMENT")
    for name, meaning in _VARIABLES:
        lines += [".TP", f".B {_escaped(name)}", _escaped(meaning)]
    lines += [
        ".SH FILES",
        ".TP",
        ".I versions.lock.json",
        "The lock: one version for each group, and the sites of its pins.",
    ]
    return "\n".join(lines) + "\n"


def _options(context: Any) -> Iterator[str]:
    """Yield an entry for each option and each described argument."""
    for each in context.command.get_params(context):
        record = each.get_help_record(context)
        if record is not None:
            names, text = record
            yield ".TP"
            yield f".B {_escaped(names)}"
            yield _escaped(" ".join(text.split()))


def _paragraphs(text: str | None) -> Iterator[str]:
    for number, part in enumerate(re.split(r"\n\s*\n", (text or "").strip())):
        if number:
            yield ".PP"
        # \b keeps the lines of a paragraph apart in help.
        if part.lstrip().startswith("\b"):
            yield from (".nf", *(_escaped(line) for line in part.strip("\b\n").split("\n")), ".fi")
        else:
            yield _escaped(" ".join(part.split()))


def _escaped(text: str) -> str:
    """Return the text for roff: a hyphen of an option is a minus, and no line begins with a control character."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in text)
    return f"\\&{text}" if text.startswith((".", "'")) else text
