"""Foreign text on its way into a report."""

from __future__ import annotations


def printable(text: str, longest: int = 300) -> str:
    """One line of it, without control characters, cut to a readable length."""
    plain = "".join(character if character.isprintable() else " " for character in text).strip()
    return plain if len(plain) <= longest else f"{plain[:longest]}…"
