"""Write the document of `audit --format json`, which schemas/audit.schema.json describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from packaging.version import Version

from fi_bump.audit.audit import Audit
from fi_bump.audit.conflicts import shown
from fi_bump.audit.resolve import Verdict
from fi_bump.fit.model import Fit
from fi_bump.lock.records import Lock
from fi_bump.report.api.json import fits_json


def audit_json(
    lock: Lock,
    versions: Mapping[str, str],
    found: Audit,
    verdicts: list[Verdict] | None,
    fits: Sequence[Fit] | None = None,
) -> dict[str, Any]:
    """Return the result. `verdicts` are uv's, or None without `--resolve`; `fits` are None without `--api`."""
    proposal: Mapping[str, Version] = found.proposal or {}
    document: dict[str, Any] = {
        "ok": not found.conflicts
        and all(verdict.ok for verdict in verdicts or ())
        and not any(fit.fails for fit in fits or ()),
        "groups": [{"name": group.name, "version": versions.get(group.name, group.version)} for group in lock.groups],
        "conflicts": [
            {
                "path": each.stated.place.path,
                "line": each.stated.place.line,
                "stated": shown(each.stated.requirement),
                "package": each.stated.package,
                "release": each.demand.by,
                "releasePlace": each.demand.place.at_line,
                "needs": shown(each.demand.requirement),
                "message": each.message,
            }
            for each in found.conflicts
        ],
        "notes": [{"path": note.place.path, "line": note.place.line, "message": note.message} for note in found.notes],
        "proposal": None
        if found.proposal is None
        else {name: str(version) for name, version in sorted(proposal.items())},
    }
    if verdicts is not None:
        document["resolver"] = [
            {"path": verdict.path, "ok": verdict.ok, "text": "\n".join(verdict.lines)} for verdict in verdicts
        ]
    if fits is not None:
        document["api"] = fits_json(fits)
    return document
