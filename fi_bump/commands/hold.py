"""`fi-bump hold`: record in the lock that a group stays behind on purpose, and why."""

from __future__ import annotations

from fi_bump.commands.locked import locked_repository
from fi_bump.editing import write
from fi_bump.errors import Exit, LockError, UsageError
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME
from fi_bump.lock.writing import dump
from fi_bump.request import named_group
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say


def run(root: str, name: str, reason: str | None) -> int:
    """Record the reason, or remove it without one, and return 0. Raises UsageError for an unknown group or no text."""
    with locked_repository(root) as repository:
        group = named_group(repository.lock, name)
        data = dump(repository.lock.replace_group(group._replace(hold=reason)))
        try:
            load(data)
        except LockError as error:
            raise UsageError(error.message, hint="give the reason in one line") from None
        if data != repository.lock_data:
            write.commit(repository.root, [write.FileChange(LOCK_NAME, repository.lock_data, data)], f"hold {name}")
    tell("group", lambda: {"name": name, "version": group.version, "hold": reason})
    say([f"{name} is not held" if reason is None else f"{name} is held at {group.version}: {reason}"])
    return int(Exit.OK)
