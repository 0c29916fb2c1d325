"""Write the document of `--format json` of the commands that change or print files: schemas/answer.schema.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fi_bump.editing.plan import PlannedChange
from fi_bump.editing.write import FileChange
from fi_bump.errors import Exit, FiBumpError
from fi_bump.lock.records import Lock
from fi_bump.report.json.text import json_text

SCHEMA = 1


def answer_json(
    command: str,
    code: int,
    facts: dict[str, Any],
    changes: Sequence[FileChange],
    messages: Sequence[str],
    error: FiBumpError | None,
) -> str:
    """Return the document: the exit code, the files that changed, the facts, and what is printed for people."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "command": command,
        "ok": code == Exit.OK,
        "exitCode": code,
        "changes": [{"path": each.path, "change": _kind(each)} for each in changes],
        "result": facts,
        "messages": list(messages),
        "error": None,
    }
    if error is not None:
        document["error"] = {
            "place": error.place,
            "message": error.message,
            "help": error.hint,
            "lines": [*error.printed, *error.below],
        }
    return json_text(document)


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


def _kind(change: FileChange) -> str:
    if change.old is None:
        return "created"
    return "removed" if change.new is None else "changed"
