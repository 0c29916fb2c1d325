"""Untrusted input: make text printable, and read tables and lists whose types are unchecked."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def printable(text: str, longest: int = 300) -> str:
    """Return the text as one line without control characters, cut to `longest` characters."""
    plain = "".join(character if character.isprintable() else " " for character in text).strip()
    return plain if len(plain) <= longest else f"{plain[:longest]}…"


def one_line(text: str) -> str:
    """Like printable(), with every run of white space collapsed to one space, and not cut first."""
    return printable(" ".join(printable(text, len(text)).split()))


def table(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the table of that name, or an empty one if the value is missing or not a table."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[Any]:
    """Return the list, or an empty one if the value is not a list."""
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """Return the texts in a list; empty if the value is not a list."""
    return [each for each in entries(value) if isinstance(each, str)]
