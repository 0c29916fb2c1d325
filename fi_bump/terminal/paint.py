"""Colour and link the lines that commands print, on a terminal: one look for all commands.

The lines are the same as in a pipe. The colours are those of `check`: red for what is wrong or old, green for what is
right or new, bold for headings, cyan for notes.
"""

from __future__ import annotations

import os
import re

from fi_bump.boundary.here import absolute
from fi_bump.records import TYPE_CHECKING
from fi_bump.terminal.wanted import OutputChoices

if TYPE_CHECKING:
    from typing import TextIO

BOLD, RED, GREEN, CYAN = "1", "1;31", "32", "1;36"
_KEYWORDS = {"help": BOLD, "next": "1;32", "note": CYAN, "warning": "1;33"}
# `path:line: ` or `path:line:column: ` at the beginning, also after `fixed ` and the like.
_PLACE = re.compile(r"^((?:fixed |  )?)([^\s:][^:]*)(:\d+(?::\d+)?)(?=: )")
_KEYWORD = re.compile(r"(?:^|(?<=: ))(help|next|note|warning)(?=: )")
_MOVE = re.compile(r"(\S+) -> ([^\s:,]+)")
_RULE = re.compile(r"\[[a-z]+(?:-[a-z]+)*\]$")
_GOOD = re.compile(r"\b(?:in step|ok|no conflicts|up to date)$")
_PATCH = {"+++": BOLD, "---": BOLD, "dif": BOLD, "@@ ": "36"}


def wanted(stream: TextIO) -> bool:
    """Return whether lines on this stream are coloured: as --color says, else on a terminal without NO_COLOR."""
    if OutputChoices.colour != "auto":
        return OutputChoices.colour == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")


def style(text: str, code: str) -> str:
    """Return a text in a colour."""
    return f"\x1b[{code}m{text}\x1b[0m" if text else text


def painted(line: str) -> str:
    """Return a line that is visible already, in colour and with links to the files that it names."""
    line = _MOVE.sub(lambda found: f"{style(found[1], '31')} -> {style(found[2], GREEN)}", line)
    line = _RULE.sub(lambda found: style(found[0], RED), line)
    line = _GOOD.sub(lambda found: style(found[0], GREEN), line)
    line = _PLACE.sub(lambda found: found[1] + linked(found[2] + found[3], file_address(found[2])), line)
    return _KEYWORD.sub(lambda found: style(found[1], _KEYWORDS[found[1]]), line, count=1)


def painted_patch(line: str) -> str:
    """Return a line of a patch in the colours of git."""
    code = _PATCH.get(line[:3]) or {"+": GREEN, "-": "31"}.get(line[:1], "")
    return style(line, code) if code else line


def file_address(path: str) -> str | None:
    """Return the address of a file that is shown as `path`, for a link; None if there is no file."""
    target = absolute(path)
    if not os.path.isfile(target):
        return None
    from urllib.parse import quote

    return f"file://{os.uname().nodename}{quote(os.fsencode(target))}"


def linked(text: str, address: str | None) -> str:
    """Return a text that leads to an address on terminals with links (OSC 8); others show the text alone."""
    return text if address is None else f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"
