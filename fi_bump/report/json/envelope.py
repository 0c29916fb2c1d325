"""The frame of every document of `--format json`: the only place that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fi_bump import __version__
from fi_bump.boundary.documents import KEYS, SCHEMA
from fi_bump.editing.write import FileChange
from fi_bump.errors import FiBumpError
from fi_bump.report.json.text import json_text


def enveloped(
    command: str | None,
    code: int,
    result: dict[str, Any] | None,
    *,
    changes: Iterable[FileChange] = (),
    messages: Sequence[str] = (),
    error: FiBumpError | None = None,
) -> str:
    """Return the document of a command, with a line end.

    `command` is None if the command line names no command, and `result` is None if the command has none. `messages` are
    lines for people that are printed nowhere else. An error decides the exit code.
    """
    values = (
        __version__,
        command,
        SCHEMA,
        int(code if error is None else error.exit),
        result,
        [{"path": each.path, "change": _kind(each)} for each in changes],
        list(messages),
        [] if error is None else [_error(error)],
    )
    return json_text(dict(zip(KEYS, values, strict=True))) + "\n"


def _error(error: FiBumpError) -> dict[str, Any]:
    return {
        "place": error.place,
        "message": error.message,
        "help": error.hint,
        "lines": [*error.printed, *error.below],
    }


def _kind(change: FileChange) -> str:
    if change.old is None:
        return "created"
    return "removed" if change.new is None else "changed"
