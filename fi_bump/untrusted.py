"""What others wrote, on its way to a reader, and as it came: text of any characters, and documents of any shape."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def printable(text: str, longest: int = 300) -> str:
    """One line of it, without control characters, cut to a readable length."""
    plain = "".join(character if character.isprintable() else " " for character in text).strip()
    return plain if len(plain) <= longest else f"{plain[:longest]}…"


def one_line(text: str) -> str:
    """The same of words that a page or a header breaks anywhere: what parts them is one blank."""
    return printable(" ".join(printable(text, len(text)).split()))


def table(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The table of that name; an empty one where there is none, or something else."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[Any]:
    """An array; an empty one for what is none."""
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """The texts of an array; nothing of what is none."""
    return [each for each in entries(value) if isinstance(each, str)]
