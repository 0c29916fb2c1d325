"""Facts for the documents of the commands that change or print files: schemas/answer.schema.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fi_bump.editing.plan import PlannedChange
from fi_bump.lock.records import Lock


def moved_pins(changes: Sequence[PlannedChange]) -> list[dict[str, Any]]:
    """Return the pins that a plan moves: where each one was, its version, and the new one."""
    return [
        {
            "path": move.pin.place.path,
            "line": move.pin.place.line,
            "column": move.pin.place.column,
            "anchor": move.pin.anchor,
            "subject": move.pin.subject,
            "from": move.pin.version,
            "to": move.version,
        }
        for change in changes
        for move in change.moves
    ]


def groups_of(lock: Lock) -> list[dict[str, Any]]:
    """Return the groups of a lock: the version, the packages and the sites of each."""
    return [
        {
            "name": group.name,
            "version": group.version,
            "packages": sorted(group.package_names),
            "sites": sorted(group.sites),
        }
        for group in lock.groups
    ]
