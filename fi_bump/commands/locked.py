"""Recover what an interrupted fi-bump left, before a command that writes does its own work."""

from __future__ import annotations

from fi_bump.terminal.output import say


def recover(root: str, *, quiet: bool = False) -> None:
    """Finish or undo what a killed fi-bump left, and say so. To be called under the repository's write lock."""
    from fi_bump.editing import write

    recovery = write.recover(root)
    if recovery is not None and not quiet:
        what = ", ".join(recovery.paths) or "no file was touched"
        say([f"{recovery.outcome} an interrupted fi-bump: {what}"])
