"""Write the document of `bisect --format json`, which schemas/bisect.schema.json describes."""

from __future__ import annotations

from typing import Any

from fi_bump.bisection.outcome import BisectReport
from fi_bump.bisection.state_file import state_document
from fi_bump.errors import Exit
from fi_bump.fit.release_changes import ReleaseChanges
from fi_bump.report.api.json import fits_json
from fi_bump.report.json.envelope import enveloped


def bisect_json(report: BisectReport) -> str:
    """Return the document. Every key is always present."""
    return enveloped("bisect", Exit.OK if report.ok else Exit.FINDINGS, bisect_result(report))


def bisect_result(report: BisectReport) -> dict[str, Any]:
    """Return the report as data: the state, and what was found."""
    found, candidates = report.borders, report.state.candidates
    shown = report.shard is None and found.problem is None
    return {
        "ok": report.ok,
        "problems": list(report.problems),
        "shard": None if report.shard is None else report.shard._asdict(),
        **state_document(report.state),
        "found": {
            "kind": "first-bad" if report.state.rising else "first-good",
            "version": report.turn.version,
            "date": report.turn.date,
            "page": report.page,
            "before": report.before.version,
            "not_judged": [candidates[place].version for place in found.between],
        }
        if shown
        else None,
        "known_bad": dict(report.known_bad),
        "changes": None if report.changes is None else _changes(report.changes),
        "code": fits_json(report.code),
        "unread": report.unread,
        "entry": None if report.entry is None else dict(report.entry),
    }


def _changes(changes: ReleaseChanges) -> dict[str, Any]:
    return {
        **changes._asdict(),
        "signatures": [each._asdict() for each in changes.signatures],
        "files": [each._asdict() for each in changes.files],
    }
