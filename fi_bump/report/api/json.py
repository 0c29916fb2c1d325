"""The part of the document of `audit --api --format json` about the code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fi_bump.fit.model import ApiFinding, Defined, Fit


def fits_json(fits: Iterable[Fit]) -> list[dict[str, Any]]:
    """One table for each package that was compared."""
    return [
        {
            "package": fit.package,
            "pinned": fit.pinned,
            "proposed": fit.proposed,
            "uses": fit.uses,
            "files": fit.files,
            "judged": fit.judged,
            "skipped": list(fit.skipped),
            "remarks": list(fit.remarks),
            "findings": [_finding(each) for each in fit.findings],
        }
        for fit in fits
    ]


def _finding(finding: ApiFinding) -> dict[str, Any]:
    since = finding.since
    return {
        "rule": finding.rule.value,
        "severity": finding.rule.severity.value,
        "symbol": finding.symbol,
        "detail": finding.detail,
        "message": finding.message,
        "inTests": finding.in_tests,
        "places": [
            {"path": each.path, "line": each.line, "column": each.column, "endColumn": each.end_column}
            for each in (use.place for use in finding.uses)
        ],
        "old": _defined(finding.old),
        "new": _defined(finding.new),
        "changes": list(finding.changes),
        "since": None if since is None else {"version": since.version, "date": since.date, "page": since.page},
        "instead": finding.instead,
        "probe": finding.probe,
        "repaired": finding.repaired,
        "reasons": list(finding.reasons),
    }


def _defined(defined: Defined | None) -> dict[str, Any] | None:
    if defined is None:
        return None
    return {"release": defined.release, "path": defined.path, "line": defined.line, "signature": defined.text}
