"""`compare --format json`: a versioned document, described by schemas/compare.schema.json."""

from __future__ import annotations

from typing import Any

from fi_bump.compare.model import CaseChange, RunComparison, Side
from fi_bump.errors import Exit
from fi_bump.report.json.envelope import enveloped


def compare_json(comparison: RunComparison) -> str:
    """Return the document. Every key is always present."""
    result = {
        "ok": comparison.ok,
        "baseline": _side(comparison.baseline),
        "run": _side(comparison.run),
        "counts": {**comparison.counts, "unchanged": comparison.unchanged},
        "limits": {"slower": comparison.slower, "seconds": comparison.least_seconds},
        "whole": comparison.whole._asdict(),
        "claims": list(comparison.claims),
        "problems": list(comparison.problems),
        "entries": [change_document(entry) for entry in comparison.entries],
    }
    return enveloped("compare", Exit.OK if comparison.ok else Exit.FINDINGS, result)


def _side(side: Side) -> dict[str, Any]:
    return {
        "runs": [{"name": name, "seconds": seconds} for name, seconds in zip(side.runs, side.seconds, strict=True)],
        "files": side.files,
        "cases": side.cases,
        "damaged": list(side.damaged),
        "ignored": list(side.ignored),
    }


def change_document(entry: CaseChange) -> dict[str, Any]:
    """One changed case, as `compare.report_file.change_of` reads it back."""
    return {
        **entry._asdict(),
        "kind": entry.kind.value,
        "baseline": entry.baseline._asdict(),
        "run": entry.run._asdict(),
    }
