"""Collect what the package indexes say about a change: the audit, and the releases in between."""

from __future__ import annotations

from collections.abc import Mapping

from fi_bump.audit.audit import Audit, audit
from fi_bump.audit.preflight import Preflight
from fi_bump.audit.words import lines, proposed_command
from fi_bump.change.model import Asked
from fi_bump.lock.records import Lock
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.counting import count_members
from fi_bump.releases.notes import GroupNotes, release_notes
from fi_bump.releases.on_the_way import Release, on_the_way
from fi_bump.repository import Repository
from fi_bump.request import Request
from fi_bump.scanning.scan import Scan


def asked_by_set(request: Request, flight: Preflight) -> Asked:
    """Return the answers that `set` already has from its preflight."""
    assert flight.audit is not None  # nothing refused the move
    asked = _asked(request.lock, request.versions, flight.audit, flight.releases, flight.notes)
    return asked._replace(fits=flight.fits, release_notes=flight.release_notes)


def ask(repository: Repository, scan: Scan, old: Mapping[str, str | None], online: Online) -> Asked:
    """Audit the lock, and find the releases between each group's old version and its present one.

    Raises PackageIndexError when an index cannot be asked.
    """
    lock = repository.lock
    releases: dict[str, tuple[Release, ...]] = {}
    notes: list[str] = []
    notices: list[GroupNotes] = []
    with asking(repository.root, lock, online, scan, or_offline=True) as known:
        for group in lock.groups:
            if old.get(group.name) == group.version:
                continue
            counted = count_members(known, group, group.version)
            notes += counted.notes
            releases[group.name] = on_the_way(known, counted.asked, old.get(group.name), group.version)
            if online.release_notes:
                notices.append(release_notes(known, group, releases[group.name]))
        found = audit(repository.root, lock, {}, known)
        if known.unread is not None:
            raise known.unread
    asked = _asked(lock, {}, found, releases, tuple(notes))
    return asked._replace(release_notes=tuple(notices))


def _asked(
    lock: Lock,
    versions: Mapping[str, str],
    found: Audit,
    releases: dict[str, tuple[Release, ...]],
    members: tuple[str, ...],
) -> Asked:
    command = proposed_command(lock, versions, found)
    text = (*lines(found), *([command] if command else []))
    return Asked(text, len(found.conflicts), len(found.notes), releases, members)
