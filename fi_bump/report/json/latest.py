"""Write the document of `latest --format json`, which schemas/latest.schema.json describes."""

from __future__ import annotations

from typing import Any

from fi_bump.releases.latest import GroupLatest
from fi_bump.report.json.release_notes import notes_json


def latest_json(found: list[GroupLatest]) -> dict[str, Any]:
    """Return the result."""
    groups: list[dict[str, Any]] = [
        {
            "name": each.group.name,
            "locked": each.group.version,
            "newest": str(each.common) if each.common else None,
            "behind": each.is_behind,
            "conflicts": each.conflicts,
            "notes": each.notes,
            "members": [
                {
                    "name": member.member.name,
                    "index": member.index_url,
                    "newest": str(member.version) if member.version else None,
                    "date": member.date,
                }
                for member in each.members
            ],
            "younger": None
            if each.young is None
            else {"version": str(each.young.version), "days": each.young.days, "minimumAge": each.young.minimum},
            "failures": list(each.failures),
            "unknown": [member.name for member in each.counted.unknown],
            "notAsked": [member.name for member in each.counted.idle],
            **({} if each.release_notes is None else {"releaseNotes": notes_json(each.release_notes)}),
        }
        for each in found
    ]
    return {"groups": groups}
