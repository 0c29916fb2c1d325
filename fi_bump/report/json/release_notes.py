"""The release notes of a group in a JSON document."""

from __future__ import annotations

from typing import Any

from fi_bump.releases.notes import GroupNotes


def notes_json(notes: GroupNotes) -> dict[str, Any]:
    """Return each release's version, page and lines, and what could not be read."""
    return {
        "releases": [
            {"version": each.version, "page": each.page, "lines": list(each.lines)} for each in notes.releases
        ],
        "problem": notes.problem,
    }
