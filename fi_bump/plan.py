"""Compare a lock with what was found, and plan the edits that bring the two together. Pure: no file is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from fi_bump.errors import REPORT_WITH_FILE, InternalError, ParseError
from fi_bump.lock import LOCK_NAME, Group, Lock
from fi_bump.pins import Edit, Floor, Found, Kind, Pin, Source, Span, Unpinned, splice
from fi_bump.records import NamedTuple
from fi_bump.scan import Scan


class Rule(Enum):
    """Everything `check` can find."""

    DRIFT = "drift"
    MISSING_SITE = "missing-site"
    NEW_SITE = "new-site"
    UNASSIGNED = "unassigned"
    UNPINNED = "unpinned"
    FLOOR_VIOLATED = "floor-violated"
    INTERRUPTED = "interrupted"

    @property
    def severity(self) -> str:
        """`note` for what does not fail a check, else `error`."""
        return "note" if self is Rule.UNPINNED else "error"


class Finding(NamedTuple):
    """One thing to say about one place; lines and columns count from 1, `end_column` is one past the last."""

    rule: Rule
    path: str
    line: int
    column: int
    end_column: int
    anchor: str | None
    subject: str | None
    package: str | None
    group: str | None
    found: str | None
    expected: str | None
    message: str
    fixable: bool


class Assigned(NamedTuple):
    """A pin, the group that owns it (None: several could) and whether the lock records its site."""

    pin: Pin
    group: Group | None
    recorded: bool


class Change(NamedTuple):
    """The edits of one file, with the pins they replace, in the order of the file.

    `expected` is (anchor, kind, subject, version) of every pin of the file once the edits are made.
    """

    source: Source
    edits: tuple[Edit, ...]
    pins: tuple[Pin, ...]
    expected: tuple[tuple[str, Kind, str, str], ...]

    @property
    def new(self) -> bytes:
        """The file's bytes after the edits."""
        return splice(self.source.data, list(self.edits))


class Plan(NamedTuple):
    """A lock and the file changes that make the tree agree with it."""

    lock: Lock
    changes: tuple[Change, ...]

    @property
    def moved(self) -> int:
        """How many pins change."""
        return sum(len(change.edits) for change in self.changes)


def assign(lock: Lock, pins: tuple[Pin, ...]) -> list[Assigned]:
    """Each pin with its owner: the group that records the site, else the only group that knows its subject."""
    recorded = {site: group for group in lock.groups for site in group.sites}
    assigned = []
    for pin in pins:
        owner = recorded.get(pin.site)
        if owner is not None and pin.subject in owner.subjects:
            assigned.append(Assigned(pin, owner, True))
            continue
        owners = [group for group in lock.groups if pin.subject in group.subjects]
        assigned.append(Assigned(pin, owners[0] if len(owners) == 1 else None, False))
    return assigned


def agrees(text: str, version: str) -> bool:
    """Whether a version text means the version; equal texts, the usual case, cost no parser."""
    if text == version:
        return True
    from fi_bump.versions import same_version

    return same_version(text, version)


def compare(lock: Lock, scan: Scan) -> list[Finding]:
    """Every finding, sorted by path and place."""
    findings = [finding for each in assign(lock, scan.pins) if (finding := _pin_finding(lock, each)) is not None]
    findings += _missing_sites(lock, scan)
    findings += [finding for place in scan.unpinned for finding in _unpinned_findings(lock, place)]
    findings += [finding for floor in scan.floors for finding in _floor_findings(lock, floor)]
    for path, error in scan.unparsed:
        message = f"names a package of the lock but cannot be parsed: {error.message}"
        findings.append(Finding(Rule.UNPINNED, path, 1, 1, 1, None, None, None, None, None, None, message, False))
    return sorted(findings, key=lambda finding: (finding.path, finding.line, finding.column, finding.rule.value))


def _at(source: Source, span: Span) -> tuple[str, int, int, int]:
    line, column = source.position(span.start)
    return source.path, line, column, column + len(source.text(span))


def _pin_finding(lock: Lock, each: Assigned) -> Finding | None:
    pin, group = each.pin, each.group
    place = _at(pin.source, pin.span)
    names = (pin.anchor, pin.subject, pin.subject if pin.kind is Kind.REQUIREMENT else None)
    if group is None:
        owners = ", ".join(other.name for other in lock.groups if pin.subject in other.subjects)
        message = f"{pin.subject} {pin.version} could belong to {owners}: record '{pin.site}' under one of them"
        return Finding(Rule.UNASSIGNED, *place, *names, None, pin.version, None, message, False)
    if not agrees(pin.version, group.version):
        message = f"{pin.subject} is {pin.version}, the lock says {group.version}"
        rule = Rule.DRIFT
    elif not each.recorded:
        message = f"{pin.subject} is pinned here, and the lock does not record it"
        rule = Rule.NEW_SITE
    else:
        return None
    return Finding(rule, *place, *names, group.name, pin.version, group.version, message, True)


def _missing_sites(lock: Lock, scan: Scan) -> list[Finding]:
    present = {each.pin.site for each in assign(lock, scan.pins) if each.recorded}
    findings = []
    for group in lock.groups:
        for site in group.sites:
            path, _, anchor = site.partition("#")
            if site not in present and scan.covers(path):
                message = f"the lock records '{anchor}' here, and there is no such pin"
                names = (anchor, None, None, group.name, None, group.version)
                findings.append(Finding(Rule.MISSING_SITE, path, 1, 1, 1, *names, message, fixable=False))
    return findings


def _unpinned_findings(lock: Lock, place: Unpinned) -> list[Finding]:
    owners = [group for group in lock.groups if place.subject in group.subjects]
    where = _at(place.source, place.span)
    owner = owners[0] if len(owners) == 1 else None
    name = owner.name if owner else None
    expected = owner.version if owner else None
    if place.version is not None and owners and not any(agrees(place.version, group.version) for group in owners):
        versions = " or ".join(group.version for group in owners)
        message = f"{place.subject} is {place.version}, the lock says {versions}; it {place.reason}"
        names = (None, place.subject, place.subject, name, place.version, expected)
        return [Finding(Rule.DRIFT, *where, *names, message, fixable=False)]
    message = f"{place.subject}: {place.reason}"
    return [Finding(Rule.UNPINNED, *where, None, place.subject, None, name, place.version, expected, message, False)]


def _floor_findings(lock: Lock, floor: Floor) -> list[Finding]:
    from fi_bump.versions import admits

    findings = []
    for group in lock.groups:
        if floor.subject in group.subjects and admits(floor.specifier, group.version) is False:
            message = f"{floor.subject}{floor.specifier} does not admit {group.version}, which the lock says"
            names = (None, floor.subject, floor.subject, group.name, floor.specifier, group.version)
            findings.append(
                Finding(Rule.FLOOR_VIOLATED, *_at(floor.source, floor.span), *names, message, fixable=False)
            )
    return findings


def interrupted(paths: list[str]) -> Finding:
    """The finding for a journal that a killed fi-bump left."""
    names = ", ".join(paths) or "nothing written yet"
    message = f"an interrupted fi-bump left its journal ({names})"
    return Finding(Rule.INTERRUPTED, LOCK_NAME, 1, 1, 1, None, None, None, None, None, None, message, True)


def make_plan(lock: Lock, scan: Scan, versions: Mapping[str, str] | None = None) -> Plan:
    """The lock with the pins' sites recorded, and the edits that follow from it.

    With `versions` (group name to new version) only those groups move; without, every group does.
    """
    moving = {group.name for group in lock.groups} if versions is None else set(versions)
    for name, version in (versions or {}).items():
        group = lock.group(name)
        if group is None:
            raise InternalError(f"the plan names an unknown group '{name}'")
        lock = lock.replace_group(group._replace(version=version))
    assigned = assign(lock, scan.pins)
    for group in lock.groups:
        new_sites = [each.pin.site for each in assigned if each.group == group and not each.recorded]
        if new_sites and group.name in moving:
            sites = tuple(sorted({*group.sites, *new_sites}))
            lock = lock.replace_group(group._replace(sites=sites))
    by_path: dict[str, list[Assigned]] = {}
    for each in assigned:
        by_path.setdefault(each.pin.source.path, []).append(each)
    changes = [_change(entries, moving) for _, entries in sorted(by_path.items())]
    return Plan(lock, tuple(change for change in changes if change.edits))


def _change(entries: list[Assigned], moving: set[str]) -> Change:
    """The change of one file: `expected` holds every pin of the file as it must read afterwards."""
    edits = []
    pins = []
    expected = []
    for pin, group, _ in entries:
        version = pin.version
        if group is not None and group.name in moving and not agrees(version, group.version):
            edits.append(Edit(pin.span, version.encode(), group.version.encode()))
            pins.append(pin)
            version = group.version
        expected.append((pin.anchor, pin.kind, pin.subject, version))
    return Change(entries[0].pin.source, tuple(edits), tuple(pins), tuple(expected))


def verify(plan: Plan, refind: Callable[[Source], Found]) -> None:
    """Find again in the new bytes: the same pins at the same anchors in the same order, each at its group's version.

    Raises InternalError when that does not hold. Nothing has been written then, and it is our bug.
    """
    for change in plan.changes:
        try:
            again = refind(Source(change.source.path, change.new)).pins
        except ParseError:
            again = ()
        if tuple((pin.anchor, pin.kind, pin.subject, pin.version) for pin in again) != change.expected:
            raise InternalError(
                "the planned edit does not read back as planned, so nothing was written",
                place=change.source.path,
                hint=REPORT_WITH_FILE,
            )
