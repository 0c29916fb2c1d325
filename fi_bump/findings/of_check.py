"""Compare a lock with a scan: the findings of `check`. Pure: no file is read or written."""

from __future__ import annotations

from fi_bump.boundary.here import shown_site
from fi_bump.errors import quoted
from fi_bump.findings.rules import FIX, Rule
from fi_bump.grammar import LazyPattern
from fi_bump.lock.records import LOCK_NAME, Group, Lock
from fi_bump.ownership import Assigned, agrees, assign, release_hashes
from fi_bump.pins import BY_HAND, IF_IT_FOLLOWS, Floor, Mark, Pin, Place, Unpinned
from fi_bump.records import NamedTuple
from fi_bump.scanning.scan import Scan
from fi_bump.untrusted import printable

_LONGEST_RANGE = 80
_UNKNOWN_HASHES = "its hashes must change too, and the lock does not have them"
_GATE = LazyPattern(rb"v?(?P<version>[0-9][0-9A-Za-z.!-]*)(?:\+[A-Za-z0-9.]+)?")
_WILDCARD = LazyPattern(rb"[\"']?(?:={1,3}[ \t]*)?v?(?P<version>(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*)\.?\*[\"']?")
_PLANNED = "the version of the move"


class Finding(NamedTuple):
    """One result of `check` at one place. `fixable` says that `check --fix` repairs it.

    `found` is the version or range in the file, `expected` the one in the lock, `own_remedy` what to do where that is
    not what its rule says. What does not apply is None.
    """

    rule: Rule
    place: Place
    message: str
    fixable: bool = False
    anchor: str | None = None
    subject: str | None = None
    package: str | None = None
    group: str | None = None
    found: str | None = None
    expected: str | None = None
    own_remedy: str | None = None

    @property
    def fails(self) -> bool:
        """Whether it fails the check."""
        return self.rule.fails

    @property
    def site(self) -> str:
        """`path#anchor`, for a finding about a pin or a recorded site."""
        return f"{self.place.path}#{self.anchor}"

    @property
    def remedy(self) -> str:
        """What to do about it: a clause that begins with a verb, with a command that can be run as it is."""
        if self.fixable:
            return FIX
        if self.own_remedy is not None:
            return self.own_remedy
        site = quoted(shown_site(self.site)) if self.anchor else None
        return self.rule.remedy_for(group=self.group, site=site, version=self.expected or self.found)


def compare(lock: Lock, scan: Scan, *, planned: bool = False) -> list[Finding]:
    """Every finding, sorted by path and place.

    With `planned` the lock is that of a move which is not made yet; messages then speak of the move, not of the lock.
    """
    says = "the move goes to" if planned else "the lock says"
    findings = [finding for each in assign(lock, scan.pins) if (finding := _pin_finding(lock, each, says)) is not None]
    findings += _missing_sites(lock, scan)
    findings += [finding for place in scan.unpinned for finding in _unpinned_findings(lock, place, says)]
    what = _PLANNED if planned else "the version in the lock"
    findings += [finding for floor in _ranges(scan) for finding in _floor_findings(lock, floor, what)]
    for path in scan.links_out:
        message = "this link leads out of the repository, so fi-bump does not read it"
        findings.append(Finding(Rule.LINK_OUTSIDE, Place(path), message))
    findings += [conflict(place) for place in scan.conflicts]
    for path, error in scan.unparsed:
        message = f"this file names a package of the lock, but cannot be parsed: {error.message}"
        findings.append(Finding(Rule.UNPINNED, Place(path), message))
    return sorted(findings, key=finding_order)


def conflict(place: Place) -> Finding:
    """The finding for a conflict marker."""
    return Finding(Rule.MERGE_CONFLICT, place, "this file has a merge conflict, so nothing in it is compared")


def finding_order(finding: Finding) -> tuple[str, int, int, str]:
    """The order of a report: by path and place."""
    place = finding.place
    return place.path, place.line, place.column, finding.rule.value


def _pin_finding(lock: Lock, each: Assigned, says: str) -> Finding | None:
    pin, group = each.pin, each.group
    if group is None:
        owners = [other for other in lock.groups if pin.subject in other.subjects]
        likely = next((other for other in owners if agrees(pin.version, other.version)), owners[0])
        message = f"{pin.subject} {pin.version} could belong to {' or '.join(other.name for other in owners)}"
        finding = _of_pin(Rule.UNASSIGNED, pin, None, message)
        own_remedy = Rule.UNASSIGNED.remedy_for(group=likely.name, site=quoted(shown_site(pin.site)))
        return finding._replace(own_remedy=own_remedy)
    if not agrees(pin.version, group.version):
        message = f"{pin.subject} is {pin.version}, {says} {group.version}"
        if pin.guard is not None:
            finding = _of_pin(Rule.DRIFT, pin, group, f"{message}; {pin.guard.reason}")
            has_sums = bool(pin.guard.checksums) or any(word in pin.guard.reason for word in ("hash", "checksum"))
            return finding if has_sums else finding._replace(own_remedy=f"change it by hand to {group.version}")
        if pin.hashes and not release_hashes(group, pin):
            finding = _of_pin(Rule.DRIFT, pin, group, f"{message}; {_UNKNOWN_HASHES}")
            remedy = f"change the version where {pin.source.path} is compiled from, then regenerate it: {pin.command}"
            return finding._replace(own_remedy=remedy) if pin.command else finding
        return _of_pin(Rule.DRIFT, pin, group, message, fixable=True)
    if foreign := _foreign_hashes(group, pin):
        message = f"{pin.subject} {pin.version} has no file with the hash {', '.join(foreign)}"
        return _of_pin(Rule.HASH_MISMATCH, pin, group, message)
    if not each.recorded and not pin.is_linked:
        message = f"{pin.subject} is pinned here, but the lock does not record it"
        return _of_pin(Rule.NEW_SITE, pin, group, message, fixable=True)
    return None


def _of_pin(rule: Rule, pin: Pin, group: Group | None, message: str, *, fixable: bool = False) -> Finding:
    return Finding(
        rule=rule,
        place=pin.place,
        message=message,
        fixable=fixable,
        anchor=pin.anchor,
        subject=pin.subject,
        package=pin.package,
        group=group.name if group else None,
        found=pin.version,
        expected=group.version if group else None,
    )


def _foreign_hashes(group: Group, pin: Pin) -> list[str]:
    """The hashes beside a pin that no file of the release has, where the lock knows the files."""
    known = release_hashes(group, pin)
    return [text for text in map(pin.source.text, pin.hashes) if known and text not in known]


def _missing_sites(lock: Lock, scan: Scan) -> list[Finding]:
    present = {each.pin.site for each in assign(lock, scan.pins) if each.recorded}
    conflicted = {place.path for place in scan.conflicts}
    findings = []
    for group in lock.groups:
        for site in group.sites:
            path, _, anchor = site.partition("#")
            if site not in present and path not in conflicted and scan.covers(path):
                message = f"the lock records '{anchor}' here, but there is no pin at this anchor"
                finding = Finding(Rule.MISSING_SITE, Place(path), message)
                findings.append(finding._replace(anchor=anchor, group=group.name, expected=group.version))
    return findings


def _unpinned_findings(lock: Lock, place: Unpinned, says: str) -> list[Finding]:
    # The one rule: a place with an exact version is installed from, so another version there fails. A place that only
    # compares or describes a version has none, and informs.
    owners = [group for group in lock.groups if place.subject in group.subjects]
    owner = owners[0] if len(owners) == 1 else None
    finding = Finding(
        rule=Rule.UNPINNED,
        place=place.place,
        message=f"{place.subject}: {place.reason}",
        subject=place.subject,
        group=owner.name if owner else None,
        found=place.version,
        expected=owner.version if owner else None,
    )
    if place.rows:
        return [] if not owners or any(_has_row(place, group) for group in owners) else [finding]
    if place.version is not None and owners and not any(agrees(place.version, group.version) for group in owners):
        versions = " or ".join(group.version for group in owners)
        message = f"{place.subject} is {place.version}, {says} {versions}; {place.reason}"
        rule = Rule.STALE_LOCK_FILE if place.mark is Mark.LOCK_FILE else Rule.DRIFT
        return [finding._replace(rule=rule, message=message, package=place.subject)]
    if in_step(lock, place):
        return []
    floor = wildcard(place)
    if floor is not None and _floor_findings(lock, floor, ""):
        return []  # It is reported as the range that it is.
    gate = gate_version(place)
    if gate is not None and owners and not any(agrees(gate, group.version) for group in owners):
        versions = " or ".join(group.version for group in owners)
        message = f"{place.subject} is {gate} here, {says} {versions}; {by_hand(lock, place)}"
        return [finding._replace(rule=Rule.GATE_BEHIND, message=message, found=gate)]
    return [finding._replace(message=f"{place.subject}: {by_hand(lock, place)}")]


def gate_version(place: Unpinned) -> str | None:
    """The version that an exact gate is about; None for another place, and for a text that is no version."""
    match = _GATE.match(place.source.data, *place.span) if place.mark is Mark.EXACT_GATE else None
    return match["version"].decode("ascii") if match and match.end() == place.span.end else None


def by_hand(lock: Lock, place: Unpinned) -> str:
    """The reason of a place, with the whole command if the command records the place in the lock."""
    owners = [group for group in lock.groups if place.subject in group.subjects]
    if place.reason.endswith(IF_IT_FOLLOWS):
        version = place.source.text(place.span)
        if not any(agrees(version, group.version) for group in owners):
            return place.reason.removesuffix(IF_IT_FOLLOWS)
    elif not place.reason.endswith(BY_HAND):
        return place.reason
    named = place.anchor is not None and len(owners) == 1
    option = f" --group {owners[0].name}" if len(owners) == 1 and not named else ""
    site = f"{place.source.path}#{place.anchor}" if place.anchor is not None else place.place.at_line
    return f"{place.reason}{option} {quoted(site)}"


def in_step(lock: Lock, place: Unpinned) -> bool:
    """Whether a place is an entry of a resolver's lock file at the version of a group that has its package."""
    if place.mark is not Mark.LOCK_FILE or place.version is None:
        return False
    return any(agrees(place.version, group.version) for group in lock.groups if place.subject in group.subjects)


def _has_row(table: Unpinned, group: Group) -> bool:
    return any(agrees(row, group.version) for row in table.rows)


def missing_rows(before: Group, after: Group, scan: Scan) -> list[Finding]:
    """A finding for each table of versions and checksums with a row for a group's old version and none for its new."""
    tables = [place for place in scan.unpinned if place.rows and place.subject in before.subjects]
    return [
        Finding(
            rule=Rule.MISSING_ROW,
            place=table.place,
            message=f"{table.subject}: this table of versions and checksums has no row for {after.version}",
            subject=table.subject,
            group=after.name,
            expected=after.version,
        )
        for table in tables
        if _has_row(table, before) and not _has_row(table, after)
    ]


def lock_files(group: Group, scan: Scan) -> list[str]:
    """The lock files that are not at a group's version, as `path: what to run`, each remedy once."""
    stale = [
        f"{place.source.path}: {place.subject} is {place.reason}"
        for place in scan.unpinned
        if place.mark is Mark.LOCK_FILE
        and place.subject in group.subjects
        and not agrees(place.version or "", group.version)
    ]
    return list(dict.fromkeys(stale))


def _ranges(scan: Scan) -> list[Floor]:
    """Return the ranges, and the wildcards (`==0.6.*`), which exclude a version like any other range."""
    wildcards = [floor for place in scan.unpinned if (floor := wildcard(place)) is not None]
    return [*scan.floors, *wildcards]


def wildcard(place: Unpinned) -> Floor | None:
    """Return the range that a wildcard is, or None for another place. Conda also writes `0.6.9*`."""
    match = _WILDCARD.match(place.source.data, *place.span) if place.mark is None else None
    if match is None or match.end() != place.span.end:
        return None
    return Floor(place.source, place.span, place.subject, f"=={match['version'].decode('ascii')}.*")


def _floor_findings(lock: Lock, floor: Floor, what: str) -> list[Finding]:
    from fi_bump.versions import admits

    owners = [group for group in lock.groups if floor.subject in group.subjects]
    # Which of several groups a range is about is not known, so one version that it admits is enough.
    if not owners or any(admits(floor.specifier, group.version) for group in owners):
        return []
    if any(admits(floor.specifier, group.version) is None for group in owners):
        # What cannot be read is not in step.
        return [_excluded(floor, owners[0], what)._replace(message=f"{_shown(floor)} cannot be read as a range")]
    return [_excluded(floor, owners[0], what)]


def newly_excluded(before: Group, after: Group, scan: Scan) -> list[Finding]:
    """A finding for each range that admits a group's old version and excludes its new one."""
    from fi_bump.versions import admits

    return [
        _excluded(floor, after, _PLANNED)
        for floor in _ranges(scan)
        if floor.subject in after.subjects
        and admits(floor.specifier, before.version) is not False
        and admits(floor.specifier, after.version) is False
    ]


def _shown(floor: Floor) -> str:
    """Return the range with its package, not longer than a line."""
    return printable(f"{floor.subject}{floor.specifier}", _LONGEST_RANGE)


def _excluded(floor: Floor, group: Group, what: str) -> Finding:
    return Finding(
        rule=Rule.FLOOR_VIOLATED,
        place=floor.place,
        message=f"{_shown(floor)} excludes {group.version}, {what}",
        subject=floor.subject,
        package=floor.subject,
        group=group.name,
        found=floor.specifier,
        expected=group.version,
    )


def interrupted(paths: list[str]) -> Finding:
    """The finding for a journal that a killed fi-bump left."""
    names = ", ".join(paths) or "no file is written yet"
    message = f"an interrupted fi-bump left its journal ({names})"
    return Finding(Rule.INTERRUPTED, Place(LOCK_NAME), message, fixable=True)


def finding_line(finding: Finding) -> str:
    """`path:line:column: message [rule]`."""
    note = "note: " if finding.rule.severity == "note" else ""
    return f"{finding.place}: {note}{finding.message} [{finding.rule.value}]"
