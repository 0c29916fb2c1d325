"""Write results as SARIF 2.1.0.

Section numbers below are those of https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fi_bump import __version__
from fi_bump.findings.rules import Rule, Severity, sentence
from fi_bump.pins import Place
from fi_bump.report.findings.model import Report, Result, fingerprints
from fi_bump.report.json.text import json_text
from fi_bump.untrusted import encodable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# All paths are relative to the top of the checkout, whose location the consumer knows (3.14.14).
_BASE = "%SRCROOT%"
# The name of the fingerprint, and the version of the way in which it is computed (3.27.17).
_FINGERPRINT = "fiBumpAnchor/v1"
# A surrogate that came from an escape in JSON, not from a byte of a path.
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_LEVEL = {Severity.error: "error", Severity.note: "note"}


def sarif_text(report: Report) -> str:
    """Return one run with every rule of the command, also those without a result.

    Columns are UTF-16 code units (3.14.17, 3.30.6), and the end column is one past the last. The fingerprint does not
    change when lines move. `primaryLocationLineHash` is missing because GitHub computes it from the lines.
    """
    marks = fingerprints(report.results)
    run = {
        "tool": {"driver": _driver(report)},
        "automationDetails": {"id": f"fi-bump/{report.command}/"},
        "invocations": [{"executionSuccessful": True, "exitCode": 0 if report.ok else 1}],
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": dict(_bases(report)),
        "results": [
            _result(result, report.rules.index(result.rule), mark)
            for result, mark in zip(report.results, marks, strict=True)
        ],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver(report: Report) -> dict[str, Any]:
    # No informationUri and no helpUri (3.19.14, 3.49.12): fi-bump has no page at an address that it owns.
    return {
        "name": "fi-bump",
        "version": __version__,
        "rules": [_rule(rule) for rule in report.rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    meaning, remedy = sentence(rule.meaning), sentence(rule.help)
    return {
        "id": rule.value,
        "shortDescription": {"text": meaning},
        "fullDescription": {"text": meaning},
        "help": {"text": remedy, "markdown": remedy},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _result(result: Result, index: int, mark: str) -> dict[str, Any]:
    help_ = "".join(f"\nhelp: {line}" for line in result.help)
    written: dict[str, Any] = {
        "ruleId": result.rule.value,
        "ruleIndex": index,
        "level": _LEVEL[result.severity],
        "message": _message(f"{result.message}{help_}"),
        "locations": [{"physicalLocation": _location(result.place)}],
        "partialFingerprints": {_FINGERPRINT: mark},
    }
    if result.related:
        written["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(each.place, each.archive), "message": _message(each.message)}
            for number, each in enumerate(result.related, start=1)
        ]
    if result.fix is not None:
        written["fixes"] = [_fix(result.place, result.fix)]
    return written


def _message(text: str) -> dict[str, str]:
    """Return a message string without placeholders (3.11.5) and links (3.11.6)."""
    literal = encodable(text).replace("{", "{{").replace("}", "}}").replace("](", "\\](")
    return {"text": literal}


def _fix(place: Place, new: str) -> dict[str, Any]:
    replacement = {"deletedRegion": region(place), "insertedContent": {"text": new}}
    change = {"artifactLocation": _artifact(place), "replacements": [replacement]}
    return {"description": _message(f"replace with {new}"), "artifactChanges": [change]}


def _bases(report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what paths are relative to: the checkout, and each release that a result shows a definition of."""
    yield _BASE, {"description": {"text": "The top of the checkout."}}
    for archive in sorted({each.archive for result in report.results for each in result.related} - {""}):
        yield _base_of(archive), {"description": {"text": f"The wheel of {archive}."}}


def _base_of(archive: str) -> str:
    return archive.replace(" ", "-")


def _location(place: Place, archive: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"artifactLocation": _artifact(place, archive), "region": region(place)}
    if place.marks and place.text:
        found["region"] = {**region(place), "snippet": {"text": _characters(place)}}
    return found


def _characters(place: Place) -> str:
    return encodable((place.text or "")[place.column - 1 : place.end_column - 1])


def _artifact(place: Place, archive: str = "") -> dict[str, str]:
    """Return a relative URI (3.4.3): the path's bytes, percent-encoded, also those that are not UTF-8."""
    return {
        "uri": quote(_LONE.sub("\ufffd", place.path).encode("utf-8", "surrogateescape"), safe="/"),
        "uriBaseId": _base_of(archive) or _BASE,
    }


def region(place: Place) -> dict[str, int]:
    """Return the region of the marked characters, or of the line if the place is a whole line."""
    if not place.marks:
        return {"startLine": place.line}
    return {
        "startLine": place.line,
        "startColumn": utf16(place, place.column),
        "endColumn": utf16(place, place.end_column),
    }


def utf16(place: Place, column: int) -> int:
    """Return a column in UTF-16 code units: a character above U+FFFF counts twice."""
    return column + sum(ord(character) > 0xFFFF for character in (place.text or "")[: column - 1])
