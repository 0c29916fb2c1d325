"""What `check` found, as a report."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.findings.of_check import Finding
from fi_bump.findings.rules import Rule, rules_of
from fi_bump.ownership import assign
from fi_bump.pins import Pin, Place
from fi_bump.report.finding_lines import closing_lines, made_files, mention_counts, rename_commands
from fi_bump.report.findings.model import Passed, Report, Result
from fi_bump.report.findings.source_lines import Lines
from fi_bump.repository import Repository
from fi_bump.scanning.mentions import Mention
from fi_bump.scanning.scan import Scan

# Only --mentions asks for the last.
RULES = tuple(rule for rule in rules_of("check") if rule is not Rule.MENTION)


def check_report(
    repository: Repository, scan: Scan, findings: list[Finding], mentions: Iterable[Mention] | None = None
) -> Report:
    """The findings in their order, then the mentions where they were asked for; every other pin has passed."""
    lines = Lines(repository.root)
    simple = {pin.place for pin in scan.pins if not (pin.hashes or pin.repeats)}
    results = [_result(finding, lines, simple) for finding in findings]
    mentions = None if mentions is None else list(mentions)
    results += [_mention(mention, lines) for mention in mentions or ()]
    summary = closing_lines(repository, scan, findings)
    if mentions is not None:
        summary += mention_counts(repository.lock, mentions)
    return Report(
        command="check",
        ok=not any(result.rule.fails for result in results),
        results=tuple(results),
        passed=tuple(_passed([each.pin for each in assign(repository.lock, scan.pins)], results)),
        summary=tuple(summary),
        help=(*rename_commands(repository, findings), *made_files(findings)),
        rules=RULES if mentions is None else rules_of("check"),
    )


def _result(finding: Finding, lines: Lines, simple: set[Place]) -> Result:
    # A finding without columns is about the file, or about what is not in it.
    place = lines.read(finding.place) if finding.place.marks else finding.place
    mended = finding.rule is Rule.DRIFT and finding.fixable and finding.place in simple
    return Result(
        rule=finding.rule,
        place=place,
        key=finding.anchor or finding.subject or finding.rule.value,
        message=finding.message,
        help=(finding.remedy,) if finding.fails else (),
        # Hashes next to a pin, and other parts of an address, change with it: the version alone is not enough.
        fix=finding.expected if mended else None,
    )


def _mention(mention: Mention, lines: Lines) -> Result:
    place = lines.read(Place(mention.path, mention.line))
    return Result(Rule.MENTION, place, mention.text, f"{mention.kind}: {mention.text}")


def _passed(pins: Iterable[Pin], results: Iterable[Result]) -> Iterable[Passed]:
    found = {(result.place.path, result.key) for result in results}
    return [Passed(pin.source.path, pin.anchor) for pin in pins if (pin.source.path, pin.anchor) not in found]
