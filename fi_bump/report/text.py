"""Findings, moves and errors as plain lines, in a compiler's manner. No third-party import: `check` passes here."""

from __future__ import annotations

from collections.abc import Sequence

from fi_bump.editing.plan import PlannedChange
from fi_bump.findings import Finding, Rule, finding_line
from fi_bump.lock import Group
from fi_bump.ownership import assign
from fi_bump.pins import Pin
from fi_bump.records import TYPE_CHECKING
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan

if TYPE_CHECKING:
    from fi_bump.scanning.mentions import Mention


def move_lines(change: PlannedChange) -> list[str]:
    """A line for each pin that a change moves."""
    lines = []
    for pin, version, _ in change.moves:
        hashes = ", with its hashes" if pin.hashes else ""
        lines.append(f"{pin.place}: {pin.subject} {pin.version} -> {version}{hashes}")
    return lines


def mention_line(mention: Mention) -> str:
    """`path:line: kind: text`."""
    return f"{mention.path}:{mention.line}: {mention.kind}: {mention.text}"


def count(number: int, noun: str) -> str:
    """`1 pin`, `2 pins`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def pins_in_files(pins: Sequence[Pin]) -> str:
    """`5 pins in 4 files`."""
    return f"{count(len(pins), 'pin')} in {count(len({pin.source.path for pin in pins}), 'file')}"


def group_line(repository: Repository, scan: Scan, group: Group) -> str:
    """`flashinfer 0.6.11.post2: 5 pins in 4 files`."""
    pins = [each.pin for each in assign(repository.lock, scan.pins) if each.group == group]
    return f"{group.name} {group.version}: {pins_in_files(pins)}"


def check_lines(repository: Repository, scan: Scan, findings: list[Finding]) -> list[str]:
    """The whole text report of `check`: findings, a line a group, and what to run."""
    groups, remedies = closing_lines(repository, scan, findings)
    return [*map(finding_line, findings), *groups, *remedies]


def closing_lines(repository: Repository, scan: Scan, findings: list[Finding]) -> tuple[list[str], list[str]]:
    """A line for each group, and what to run."""
    lines = []
    errors = [finding for finding in findings if finding.rule.severity == "error"]
    for group in repository.lock.groups:
        number = sum(finding.group == group.name for finding in errors)
        lines.append(f"{group_line(repository, scan, group)}, {count(number, 'finding') if number else 'in step'}")
    return lines, _pairs(repository, errors) + help_lines(errors)


def _pairs(repository: Repository, errors: list[Finding]) -> list[str]:
    """The command that re-points each missing site to the one new place that it may have become."""
    recorded = {site for group in repository.lock.groups for site in group.sites}
    rules = (Rule.NEW_SITE, Rule.DRIFT, Rule.UNASSIGNED)
    places = [each for each in errors if each.rule in rules and each.site not in recorded]
    pairs = []
    for lost in errors:
        group = repository.lock.group(lost.group or "")
        if lost.rule is Rule.MISSING_SITE and group is not None:
            own = [each for each in places if each.group == group.name]
            own += [each for each in places if each.group is None and each.subject in group.subjects]
            pairs += [(lost, new) for new in _became(lost, own)]
    news = [new for _, new in pairs]
    return [
        f"help: if it was renamed, run fi-bump site move '{lost.site}' '{new.site}'"
        for lost, new in pairs
        if news.count(new) == 1 or _names(lost, new)
    ]


def _became(lost: Finding, places: list[Finding]) -> list[Finding]:
    """The one place in the same file, or the one of the same subject there; else that of the same anchor elsewhere."""
    here = [each for each in places if each.place.path == lost.place.path]
    named = [each for each in here if _names(lost, each)]
    same = [each for each in places if each.anchor == lost.anchor]
    return next((group for group in (here, named, same if not here else []) if len(group) == 1), [])


def _names(lost: Finding, new: Finding) -> bool:
    """Whether the anchor of a missing site ends in the subject of a new place."""
    return (lost.anchor or "").upper().endswith((new.subject or "?").upper())


def help_lines(errors: list[Finding]) -> list[str]:
    """What to do about the findings, each remedy once."""
    lines = []
    if any(finding.fixable for finding in errors):
        lines.append("help: run fi-bump check --fix")
    if any(finding.rule is Rule.MISSING_SITE for finding in errors):
        lines.append("help: put a missing pin back, or forget its site with fi-bump site remove")
    if any(finding.rule is Rule.DRIFT and not finding.fixable for finding in errors):
        lines.append("help: change such a place first, with all that stands beside it, or make its file anew")
    if any(finding.rule is Rule.STALE_LOCK_FILE for finding in errors):
        lines.append("help: run what makes each lock file anew, or exclude it in versions.lock.json")
    if any(finding.rule in (Rule.NOT_IN_INDEX, Rule.YANKED) for finding in errors):
        lines.append("help: fi-bump latest shows what every member has; fi-bump set moves there")
    if any(finding.rule is Rule.HASH_MISMATCH for finding in errors):
        lines.append("help: find out who changed the file before anything is installed; fi-bump set records it anew")
    if any(finding.rule is Rule.FLOOR_VIOLATED for finding in errors):
        lines.append("help: widen the range, or set a version that it admits")
    return lines
