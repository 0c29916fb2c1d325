"""What `check` found, as a report."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.findings import Finding, Rule
from fi_bump.ownership import assign
from fi_bump.pins import Pin, Place
from fi_bump.report.findings.lines import Lines
from fi_bump.report.findings.model import Passed, Report, Result, RuleText, Severity
from fi_bump.report.text import closing_lines, count, help_lines
from fi_bump.repository import Repository
from fi_bump.scanning.mentions import Mention
from fi_bump.scanning.scan import Scan

_MEANINGS = {
    Rule.DRIFT: ("A pin is not at its group's version", "Run fi-bump check --fix, which writes the lock's version"),
    Rule.MISSING_SITE: (
        "The lock records a pin that is no longer there",
        "Put the pin back, re-point it with fi-bump site move, or forget it with fi-bump site remove",
    ),
    Rule.NEW_SITE: (
        "A pin is at the right version, but the lock does not record it",
        "Run fi-bump check --fix, which records it",
    ),
    Rule.UNASSIGNED: (
        "Several groups could own a pin",
        "Record its site under one of them with fi-bump site add --group",
    ),
    Rule.UNPINNED: (
        "A place names a package of the lock but holds no version that can be moved",
        "Nothing has to be done; write an exact version to have it kept in step",
    ),
    Rule.FLOOR_VIOLATED: (
        "A range does not admit the lock's version",
        "Widen the range, or set a version that it admits",
    ),
    Rule.HASH_MISMATCH: (
        "A hash beside a pin, or of the recorded release, is another's",
        "Find out who changed the file before anything is installed; fi-bump set records it anew",
    ),
    Rule.NOT_IN_INDEX: (
        "The locked release is not on its index",
        "fi-bump latest shows what every member has; fi-bump set moves there",
    ),
    Rule.YANKED: (
        "The locked release was withdrawn from its index",
        "fi-bump latest shows what every member has; fi-bump set moves there",
    ),
    Rule.STALE_LOCK_FILE: (
        "A resolver's lock file is not at its group's version",
        "Run what makes the lock file anew, or exclude it in versions.lock.json",
    ),
    Rule.INTERRUPTED: (
        "A killed fi-bump left its journal",
        "Run fi-bump check --fix, which finishes the change or undoes it",
    ),
}
_MENTION = RuleText(
    "mention",
    Severity.note,
    "A line names another version of a member and is no pin",
    "Look whether the text still holds; fi-bump does not change it",
)
RULES = tuple(RuleText(rule.value, Severity(rule.severity), *_MEANINGS[rule]) for rule in Rule)


def check_report(
    repository: Repository, scan: Scan, findings: list[Finding], mentions: Iterable[Mention] | None = None
) -> Report:
    """The findings in their order, then the mentions where they were asked for; every other pin has passed."""
    lines = Lines(repository.root)
    simple = {pin.place for pin in scan.pins if not (pin.hashes or pin.repeats)}
    results = [_result(finding, lines, simple) for finding in findings]
    results += [_mention(mention, lines) for mention in mentions or ()]
    summary, remedies = closing_lines(repository, scan, findings)
    said = {line for result in results for line in result.help}
    if mentions is not None:
        summary.append(f"{count(len(results) - len(findings), 'mention')} of other versions")
    return Report(
        "check",
        all(result.severity is Severity.note for result in results),
        tuple(results),
        tuple(_passed([each.pin for each in assign(repository.lock, scan.pins)], results)),
        tuple(summary),
        tuple(line for line in _without_prefix(remedies) if line not in said),
        RULES if mentions is None else (*RULES, _MENTION),
    )


def _result(finding: Finding, lines: Lines, simple: set[Place]) -> Result:
    # A finding without columns is about the file, or about what is not in it.
    place = lines.read(finding.place) if finding.place.marks else finding.place
    mended = finding.rule is Rule.DRIFT and finding.fixable and finding.place in simple
    error = finding.rule.severity == "error"
    return Result(
        finding.rule.value,
        Severity(finding.rule.severity),
        place,
        finding.anchor or finding.subject or finding.rule.value,
        finding.message,
        _without_prefix(help_lines([finding])) if error else (),
        # Hashes beside a pin, and other places in an address, change with it: the version alone would not mend it.
        finding.expected if mended else None,
    )


def _without_prefix(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line.removeprefix("help: ") for line in lines)


def _mention(mention: Mention, lines: Lines) -> Result:
    place = lines.read(Place(mention.path, mention.line))
    return Result(_MENTION.name, _MENTION.severity, place, mention.text, f"{mention.kind}: {mention.text}")


def _passed(pins: Iterable[Pin], results: Iterable[Result]) -> Iterable[Passed]:
    found = {(result.place.path, result.key) for result in results}
    return [Passed(pin.source.path, pin.anchor) for pin in pins if (pin.source.path, pin.anchor) not in found]
