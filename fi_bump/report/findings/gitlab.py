"""Write results as GitLab's code quality report.

The format is https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
"""

from __future__ import annotations

from fi_bump.findings.rules import Severity
from fi_bump.report.findings.github import message
from fi_bump.report.findings.model import Report, fingerprints
from fi_bump.report.json.text import json_text
from fi_bump.untrusted import encodable

_SEVERITY = {Severity.error: "major", Severity.note: "info"}


def gitlab_text(report: Report) -> str:
    """Return a JSON array with one entry per result; without results it is empty.

    GitLab compares the fingerprints of two branches, so a result whose line moved is not a new one.
    """
    marks = fingerprints(report.results)
    entries = [
        {
            "description": encodable(message(result)),
            "check_name": f"fi-bump/{result.rule.value}",
            "fingerprint": mark,
            "severity": _SEVERITY[result.severity],
            "location": {"path": encodable(result.place.path), "lines": {"begin": result.place.line}},
        }
        for result, mark in zip(report.results, marks, strict=True)
    ]
    return json_text(entries)
