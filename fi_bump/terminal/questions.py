"""Ask a person on the terminal. Only commands with -i ask; without it nothing ever waits for an answer."""

from __future__ import annotations

import sys

from fi_bump.errors import UsageError
from fi_bump.terminal.output import write_text


def refuse_without_terminal(hint: str) -> None:
    """Raise UsageError if nobody can answer: standard input or standard output is not a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("-i asks questions, but there is no terminal to answer them", hint=hint)


def ask(question: str) -> str:
    """Print a question and return the line that is typed, without blanks around it; empty at the end of the input."""
    write_text(f"{question} ")
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        write_text("\n")
    return answer.strip()


def agrees(question: str) -> bool:
    """Ask a question that only `y` or `yes` answers with yes."""
    return ask(f"{question} [y/N]").lower() in ("y", "yes")
