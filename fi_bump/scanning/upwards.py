"""Find the lock above the user's folder, as git finds its repository."""

from __future__ import annotations

import os

from fi_bump import state
from fi_bump.boundary.here import set_folder, set_prefix
from fi_bump.lock.records import LOCK_NAME


def enter(start: str) -> str:
    """Return the folder of the lock for a command in the folder `start`, and set where the user is for all output.

    That is `start` itself, or the nearest folder above it with a lock, up to the top of the git checkout; without one
    it is `start`. Above a checkout it does not look: what is there belongs to somebody else.
    """
    set_prefix("")
    set_folder(start)
    if os.path.lexists(os.path.join(start, LOCK_NAME)) or not os.path.isdir(start):
        return start
    top = state.checkout(start)
    here = os.path.realpath(start)
    folder = here
    while top is not None and folder != top:
        folder = os.path.dirname(folder)
        if os.path.lexists(os.path.join(folder, LOCK_NAME)):
            below = os.path.relpath(here, folder).replace(os.sep, "/")
            set_prefix(below)
            up = "/".join([".."] * (below.count("/") + 1))
            return up if start == "." else os.path.join(start, up)
    return start


def plain(arguments: list[str], command: str) -> str | None:
    """Return the folder of a plain `[-C DIR] COMMAND` line, or None if the full parser must read the command line.

    Importing typer takes longer than most commands.
    """
    root, words = (arguments[1], arguments[2:]) if arguments[:1] == ["-C"] and len(arguments) > 1 else (".", arguments)
    return enter(root) if words == [command] and root else None


def folder_first(arguments: list[str]) -> list[str]:
    """Return a command line with its `-C DIR` at the front; several are joined, as git does."""
    if "-C" not in arguments[1:]:
        return arguments
    folder = None
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "-C":
            value = next(words, None)
            if value is None:
                return arguments
            folder = value if folder is None else os.path.join(folder, value)
        else:
            rest.append(word)
    return rest if folder is None else ["-C", folder, *rest]
