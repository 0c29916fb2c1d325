"""Tests of GitLab's code quality report, against the rules for entries in GitLab's documentation."""

from __future__ import annotations

import hashlib
import json

import pytest
from jsonschema import Draft202012Validator

from fi_bump.findings.rules import Rule
from fi_bump.pins import Place
from fi_bump.report.findings.formats import render
from tests.report.samples import golden, report, result

# GitLab publishes a table, not a schema: docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
ENTRY = {
    "type": "object",
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "properties": {
        "description": {"type": "string", "minLength": 1},
        "check_name": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            # GitLab does not find a path that begins with ./ in the merge request.
            "properties": {
                "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "properties": {"begin": {"type": "integer", "minimum": 1}},
                },
            },
        },
    },
}
VALIDATOR = Draft202012Validator({"type": "array", "items": ENTRY})


@pytest.mark.parametrize("name", ["check", "audit", "smoke"])
def test_what_gitlab_reads(name: str) -> None:
    entries = json.loads(golden(f"{name}.gitlab.json"))
    VALIDATOR.validate(entries)
    marks = [entry["fingerprint"] for entry in entries]
    # GitLab shows only one entry of those with equal fingerprints.
    assert len(set(marks)) == len(marks) > 1


def test_one_entry() -> None:
    note = result(rule=Rule.UNPINNED, place=Place("\udcffü.txt", 4), help=("run x",))
    mark = hashlib.sha256(b'["unpinned", "\\ufffd\\u00fc.txt", "kit", 0]').hexdigest()
    assert render(report(note), "gitlab") == (
        "[\n  {\n"
        '    "description": "kit is 0.9, the lock says 1.0\\nhelp: run x",\n'
        '    "check_name": "fi-bump/unpinned",\n'
        f'    "fingerprint": "{mark}",\n'
        '    "severity": "info",\n'
        '    "location": {\n      "path": "\ufffdü.txt",\n      "lines": {\n        "begin": 4\n      }\n    }\n'
        "  }\n]"
    )
