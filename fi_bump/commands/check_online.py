"""`check --online`: compare the locked versions and the recorded hashes with the package indexes."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from fi_bump.boundary.addresses import redacted
from fi_bump.errors import FiBumpError
from fi_bump.findings.of_check import Finding
from fi_bump.findings.rules import Rule
from fi_bump.git import door
from fi_bump.lock.records import LOCK_NAME, Group
from fi_bump.ownership import assign
from fi_bump.pins import Pin, Place
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.counting import count_members
from fi_bump.releases.known import MemberRelease, release_files
from fi_bump.releases.tags import use_of
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan
from fi_bump.untrusted import one_line

# How long git may take to answer for one repository.
SECONDS = 30.0


def online_findings(repository: Repository, scan: Scan, online: Online) -> list[Finding]:
    """Return a finding for each locked release that is missing, yanked or unusable, and for each hash that differs.

    A finding's place is the package's requirement, or line 1 of the lock if no requirement pins the package. Raises
    PackageIndexError.
    """
    findings: list[Finding] = []
    with asking(repository.root, repository.lock, online, _whole(repository, scan)) as known:
        for group in repository.lock.groups:
            counted = count_members(known, group, group.version)
            for release in known.member_releases(counted.asked, Version(group.version)):
                places = _places(repository, scan, group, release.member.name)
                for rule, message in _troubles(release):
                    findings += [_finding(rule, place, group, release, message) for place in places]
    return findings


def tag_findings(repository: Repository, scan: Scan) -> list[Finding]:
    """Return a finding for each version that is used as a tag which its repository does not have.

    A repository that git cannot ask gets a note at the first of its places.
    """
    used: dict[str, list[tuple[str, Pin, Group]]] = {}
    for pin, group, _ in assign(repository.lock, scan.pins):
        use = use_of(pin, group) if group is not None else None
        if group is not None and use is not None:
            used.setdefault(use.repository, []).append((use.before + pin.version, pin, group))
    findings = []
    for name, places in sorted(used.items()):
        try:
            known = door.tags(name, {tag for tag, _, _ in places}, SECONDS)
        except FiBumpError as error:
            _, pin, group = places[0]
            message = one_line(redacted(f"{name}: {error.message}"))
            findings.append(Finding(Rule.UNKNOWN_TAG, pin.place, message, subject=pin.subject, group=group.name))
            continue
        for tag, pin, group in places:
            if tag not in known:
                finding = Finding(Rule.MISSING_TAG, pin.place, f"{name} has no tag {tag}", anchor=pin.anchor)
                findings.append(finding._replace(subject=pin.subject, group=group.name, found=pin.version))
    return findings


def _whole(repository: Repository, scan: Scan) -> Scan:
    """Return a scan of the whole tree: what a part of it does not install, another part may."""
    return repository.scan() if scan.below else scan


def _places(repository: Repository, scan: Scan, group: Group, package: str) -> list[Place]:
    places = [
        each.pin.place
        for each in assign(repository.lock, scan.pins)
        if each.group == group and each.pin.subject == package
    ]
    return places or [Place(LOCK_NAME)]


def _troubles(release: MemberRelease) -> Iterator[tuple[Rule, str]]:
    if release.missing:
        yield Rule.NOT_IN_INDEX, release.message
    elif release.refused:
        rule = Rule.YANKED if "is yanked" in release.refused else Rule.NOT_IN_INDEX
        yield rule, release.message
    recorded = dict(release.member.files)
    for name, digest in release_files(release):
        if recorded.get(name, digest) != digest:
            yield Rule.HASH_MISMATCH, f"{name} has {digest} on the index, but the lock recorded {recorded[name]}"


def _finding(rule: Rule, place: Place, group: Group, release: MemberRelease, message: str) -> Finding:
    name = release.member.name
    return Finding(
        rule=rule, place=place, message=message, subject=name, package=name, group=group.name, found=group.version
    )
