"""What is printed in a pipe and on a terminal, and what a reader sees of it."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


class Terminal(io.TextIOWrapper):
    """A standard output that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(groups: T, how: Callable[[T], str | None], columns: int = 0) -> str | None:
    """Return what `how` prints, and else what it returns, on a terminal of so many columns, or in a pipe."""
    stream = (Terminal if columns else io.TextIOWrapper)(io.BytesIO(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
            patch.delenv(name, raising=False)
        patch.setenv("TERM", "xterm-256color")
        patch.setenv("COLUMNS", str(columns or 80))
        text = how(groups)
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        return stream.buffer.getvalue().decode() or text


def seen(text: str) -> list[list[tuple[str, str, str]]]:
    """Return each character of each line with its colour and its link, without the blanks at the ends of lines."""
    lines: list[list[tuple[str, str, str]]] = [[]]
    colour = link = ""
    for found in re.finditer(r"\x1b\[([0-9;]*)m|\x1b\]8;[^;]*;([^\x1b]*)\x1b\\|(.|\n)", text):
        if found[1] is not None:
            colour = "" if found[1] == "0" else found[1]
        elif found[2] is not None:
            link = found[2]
        elif found[3] == "\n":
            lines.append([])
        else:
            lines[-1].append((found[3], "" if found[3] == " " else colour, link))
    for line in lines:
        while line and line[-1][0] == " ":
            line.pop()
    return lines
