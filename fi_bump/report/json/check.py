"""Make the results of `check --format json` and `status --format json`, which the package's schemas describe."""

from __future__ import annotations

from typing import Any

from fi_bump.findings.of_check import Finding
from fi_bump.lock.records import Group
from fi_bump.ownership import assign
from fi_bump.repository import Repository
from fi_bump.scanning.mentions import Mention
from fi_bump.scanning.scan import Scan


def check_json(
    repository: Repository, scan: Scan, findings: list[Finding], mentions: list[Mention] | None = None
) -> dict[str, Any]:
    """Return the result of `check` (schemas/check.schema.json). `mentions` is None without `--mentions`."""
    ok = not any(finding.fails for finding in findings)
    document: dict[str, Any] = {
        "ok": ok,
        "groups": [_group(repository, scan, group) for group in repository.lock.groups],
        "findings": [_finding(finding) for finding in findings],
    }
    if mentions is not None:
        document["mentions"] = [mention._asdict() for mention in mentions]
    return document


def status_json(repository: Repository, scan: Scan) -> dict[str, Any]:
    """Return the result of `status` (schemas/status.schema.json)."""
    groups = []
    for group in repository.lock.groups:
        document = _group(repository, scan, group)
        present = {f"{pin['path']}#{pin['anchor']}" for pin in document["pins"]}
        document["packages"] = [
            {"name": member.name, "index": member.index_document, "label": member.label} for member in group.packages
        ]
        document["sites"] = [{"site": site, "present": site in present} for site in group.sites]
        groups.append(document)
    return {"groups": groups}


def _group(repository: Repository, scan: Scan, group: Group) -> dict[str, Any]:
    pins = []
    for each in assign(repository.lock, scan.pins):
        if each.group == group:
            place = each.pin.place
            pins.append(
                {
                    "path": place.path,
                    "line": place.line,
                    "column": place.column,
                    "anchor": each.pin.anchor,
                    "kind": each.pin.kind.value,
                    "package": each.pin.package,
                    "subject": each.pin.subject,
                    "version": each.pin.version,
                }
            )
    return {"name": group.name, "version": group.version, "pins": pins}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.value,
        "severity": finding.rule.severity,
        "path": finding.place.path,
        "line": finding.place.line,
        "column": finding.place.column,
        "endColumn": finding.place.end_column,
        "anchor": finding.anchor,
        "subject": finding.subject,
        "package": finding.package,
        "group": finding.group,
        "found": finding.found,
        "expected": finding.expected,
        "message": finding.message,
        "fixable": finding.fixable,
        "help": finding.remedy if finding.fails else None,
    }
