"""Describe the change between an earlier state of a repository and its present state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fi_bump.change.model import Asked, Description, GroupChange, MovedPin
from fi_bump.findings.of_check import compare, finding_line, lock_files
from fi_bump.lock.records import Group, Lock
from fi_bump.ownership import agrees, assign
from fi_bump.pins import Pin
from fi_bump.releases.on_the_way import Release
from fi_bump.releases.release_pages import pages_of
from fi_bump.repository import Repository
from fi_bump.scanning import mentions
from fi_bump.scanning.scan import Scan
from fi_bump.smoke.model import SmokeReport
from fi_bump.smoke.registry import judged


class Was(NamedTuple):
    """The pin at a site in the earlier state: its group, its subject, and the text of its version."""

    group: str | None
    subject: str
    version: str


class Before(NamedTuple):
    """The earlier state: its lock, and the pin at each site."""

    lock: Lock
    sites: Mapping[str, Was]


def before(lock: Lock, pins: Iterable[Pin]) -> Before:
    """Return the earlier state from its lock and its pins."""
    assigned = assign(lock, tuple(pins))
    return Before(
        lock, {pin.site: Was(owner.name if owner else None, pin.subject, pin.version) for pin, owner, _ in assigned}
    )


def before_of_lock(lock: Lock) -> Before:
    """Return the earlier state from its lock only, as if every recorded site had its group's version."""
    return Before(
        lock,
        {site: Was(group.name, site.partition("#")[2], group.version) for group in lock.groups for site in group.sites},
    )


def describe(
    repository: Repository, scan: Scan, earlier: Before, asked: Asked | None, report: SmokeReport | None = None
) -> Description:
    """Return the change from the earlier state to the present one, without groups in which nothing moves."""
    changes = [_group(repository, scan, earlier, group, asked) for group in repository.lock.groups]
    names = {group.name for group in repository.lock.groups}
    return Description(
        tuple(each for each in changes if each.old != each.new or each.places),
        tuple(sorted(group.name for group in earlier.lock.groups if group.name not in names)),
        tuple(finding_line(each) for each in compare(repository.lock, scan) if each.fails),
        asked,
        report,
    )


def version_before(earlier: Before, group: Group) -> str | None:
    """Return the earlier version of a group; None if it had none.

    A group that is new in the lock has the version of its sites, if all of them had the same one.
    """
    same = earlier.lock.group(group.name)
    if same is not None:
        return same.version
    versions = {earlier.sites[site].version for site in group.sites if site in earlier.sites}
    return versions.pop() if len(versions) == 1 else None


def _group(repository: Repository, scan: Scan, earlier: Before, group: Group, asked: Asked | None) -> GroupChange:
    lock = repository.lock
    old = version_before(earlier, group)
    own = [pin for pin, owner, _ in assign(lock, scan.pins) if owner == group]
    moved = [pin for pin in own if _differs(earlier.sites.get(pin.site), pin)]
    found: list[mentions.Mention] = []
    if old is not None and not agrees(old, group.version):
        found = mentions.to_look_at(repository.root, lock, group, old, scan, moved)
    releases = asked.releases.get(group.name, ()) if asked else (Release(group.version),)
    return GroupChange(
        name=group.name,
        old=old,
        new=group.version,
        places=(*(_place(pin, earlier) for pin in moved), *_gone(scan, earlier, group)),
        repository=pages_of(group),
        releases=() if old == group.version else releases,
        mentions=tuple(found),
        notes=(*_compiled(moved), *lock_files(group, scan)),
        probed=bool(judged(lock, group.name)),
    )


def _differs(was: Was | None, pin: Pin) -> bool:
    return was is None or not agrees(was.version, pin.version)


def _place(pin: Pin, earlier: Before) -> MovedPin:
    was = earlier.sites.get(pin.site)
    return MovedPin(pin.source.path, pin.place.line, pin.subject, was.version if was else None, pin.version)


def _gone(scan: Scan, earlier: Before, group: Group) -> list[MovedPin]:
    """Return the group's pins that are no longer at their sites."""
    present = {pin.site for pin in scan.pins}
    return [
        MovedPin(site.partition("#")[0], None, was.subject, was.version, None)
        for site, was in sorted(earlier.sites.items())
        if was.group == group.name and site not in present
    ]


def _compiled(moved: Iterable[Pin]) -> list[str]:
    commands = {pin.source.path: pin.command for pin in moved if pin.command}
    return [f"{path}: is compiled; regenerate it with: {command}" for path, command in commands.items()]
