"""Findings, moves and errors as plain lines, in a compiler's manner. No third-party import: `check` passes here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from fi_bump.boundary.here import shown, shown_site
from fi_bump.errors import quoted
from fi_bump.findings.of_check import Finding, finding_line
from fi_bump.findings.rules import FIX, Rule
from fi_bump.lock.records import LOCK_NAME, Group, Lock
from fi_bump.ownership import assign
from fi_bump.pins import Pin
from fi_bump.records import TYPE_CHECKING
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan

if TYPE_CHECKING:
    from fi_bump.editing.plan import PlannedChange
    from fi_bump.scanning.mentions import Mention


_MOST_COMMANDS = 3
_MANY_NOTES = 20


def move_lines(change: PlannedChange) -> list[str]:
    """A line for each pin that a change moves."""
    lines = []
    for pin, version, _ in change.moves:
        hashes = ", with its hashes" if pin.hashes else ", with its checksum" if pin.guard else ""
        lines.append(f"{pin.place}: {pin.subject} {pin.version} -> {version}{hashes}")
    return lines


def mention_counts(lock: Lock, mentions: Collection[Mention]) -> list[str]:
    """Return how many mentions there are of other versions, and of the locked ones if there are any."""
    locked = {group.version for group in lock.groups}
    of_locked = sum(mention.version in locked for mention in mentions)
    lines = [f"{count(len(mentions) - of_locked, 'mention')} of other versions"]
    if of_locked:
        lines.append(f"{count(of_locked, 'mention')} of the locked version, which a bump does not move")
    return lines


def mention_line(mention: Mention) -> str:
    """`path:line: kind: text`."""
    return f"{shown(mention.path)}:{mention.line}: {mention.kind}: {mention.text}"


def count(number: int, noun: str) -> str:
    """`1 pin`, `2 pins`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def pins_in_files(pins: Sequence[Pin]) -> str:
    """`5 pins in 4 files`."""
    return f"{count(len(pins), 'pin')} in {count(len({pin.source.path for pin in pins}), 'file')}"


def group_line(repository: Repository, scan: Scan, group: Group) -> str:
    """`flashinfer 0.6.11.post2: 5 pins in 4 files`."""
    pins = [each.pin for each in assign(repository.lock, scan.pins) if each.group == group]
    if not pins and not group.sites:
        places = [each for each in scan.unpinned if each.version is not None and each.subject in group.subjects]
        return f"{group.name} {group.version}: no pin, {count(len(places), 'place')} compared"
    return f"{group.name} {group.version}: {pins_in_files(pins)}"


def check_lines(repository: Repository, scan: Scan, findings: list[Finding]) -> list[str]:
    """The whole text report of `check`: the findings, a line for each group, and what to do."""
    groups = closing_lines(repository, scan, findings)
    advice = [f"help: {line}" for line in [*rename_commands(repository, findings), *made_files(findings)]]
    return [*map(finding_line, findings), *groups, *advice, *help_lines(findings)]


def closing_lines(repository: Repository, scan: Scan, findings: list[Finding]) -> list[str]:
    """A line for each group: its pins, and how many findings it has."""
    lines = []
    for group in repository.lock.groups:
        number = sum(each.group == group.name for each in findings if each.fails)
        lines.append(f"{group_line(repository, scan, group)}, {count(number, 'finding') if number else 'in step'}")
    return lines


def rename_commands(repository: Repository, findings: list[Finding]) -> list[str]:
    """For each missing site that may have become one new place, the command that gives it that place."""
    recorded = set(repository.lock.sites)
    rules = (Rule.NEW_SITE, Rule.DRIFT, Rule.UNASSIGNED)
    places = [each for each in findings if each.rule in rules and each.site not in recorded]
    pairs = []
    for lost in findings:
        group = repository.lock.group(lost.group or "")
        if lost.rule is Rule.MISSING_SITE and group is not None:
            own = [each for each in places if each.group == group.name]
            own += [each for each in places if each.group is None and each.subject in group.subjects]
            pairs += [(lost, new) for new in _became(lost, own)]
    news = [new for _, new in pairs]
    return [
        f"if it was renamed, run fi-bump site move {quoted(shown_site(lost.site))} {quoted(shown_site(new.site))}"
        for lost, new in pairs
        if news.count(new) == 1 or _names(lost, new)
    ]


def made_files(findings: list[Finding]) -> list[str]:
    """How to leave out each file with many notes: a search index or a report that a tool makes of the repository."""
    notes = Counter(finding.place.path for finding in findings if not finding.fails)
    return [
        f"if a tool makes {shown(path)}, which has {number} notes, "
        f'leave it out: add "{shown(path)}" to "exclude" in {LOCK_NAME}'
        for path, number in notes.items()
        if number >= _MANY_NOTES
    ]


def _became(lost: Finding, places: list[Finding]) -> list[Finding]:
    """The one new place in the same file, or the one of its subject there; else the one with its anchor elsewhere."""
    here = [each for each in places if each.place.path == lost.place.path]
    named = [each for each in here if _names(lost, each)]
    same = [each for each in places if each.anchor == lost.anchor]
    return next((group for group in (here, named, same if not here else []) if len(group) == 1), [])


def _names(lost: Finding, new: Finding) -> bool:
    """Whether the anchor of a missing site ends in the subject of a new place."""
    return (lost.anchor or "").upper().endswith((new.subject or "?").upper())


def help_lines(findings: list[Finding]) -> list[str]:
    """What to do about the findings that fail a check, each remedy once; `check --fix` first.

    Where more than three findings of a rule have each their own command, the rule's general remedy stands for them.
    """
    errors = [finding for finding in findings if finding.fails]
    lines = [FIX] if any(finding.fixable for finding in errors) else []
    for rule in Rule:
        own = list(dict.fromkeys(each.remedy for each in errors if each.rule is rule and not each.fixable))
        lines += own if len(own) <= _MOST_COMMANDS else [rule.remedy]
    return [f"help: {line}" for line in dict.fromkeys(lines)]
