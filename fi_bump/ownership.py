"""Which group owns a pin, and whether a version text agrees with the group's version."""

from __future__ import annotations

from fi_bump.errors import FileError
from fi_bump.lock.fields import is_site
from fi_bump.lock.records import Group, Lock
from fi_bump.pins import Pin
from fi_bump.records import NamedTuple


class Assigned(NamedTuple):
    """A pin, the group that owns it (None if several could), and whether the lock records its site."""

    pin: Pin
    group: Group | None
    recorded: bool


def recorded_sites(lock: Lock) -> dict[str, Group]:
    """Return the group of each recorded site."""
    return {site: group for group in lock.groups for site in group.sites}


def assign(lock: Lock, pins: tuple[Pin, ...], recorded: dict[str, Group] | None = None) -> list[Assigned]:
    """Assign each pin to the group that records its site, else to the only group that has its subject.

    A caller that asks for each file of a large lock passes `recorded`, the `recorded_sites` of the lock.
    """
    recorded = recorded_sites(lock) if recorded is None else recorded
    subjects = {group.name: group.subjects for group in lock.groups}
    assigned = []
    for pin in pins:
        owner = recorded.get(pin.site)
        if owner is not None and pin.subject in subjects[owner.name]:
            assigned.append(Assigned(pin, owner, True))
            continue
        owners = [group for group in lock.groups if pin.subject in subjects[group.name]]
        assigned.append(Assigned(pin, owners[0] if len(owners) == 1 else None, False))
    return assigned


def site_to_record(pin: Pin) -> str:
    """Return a pin's site. Raises FileError if the lock cannot record it."""
    if "#" in pin.source.path or not is_site(pin.site):
        message = "the lock cannot record a path with '#', or a path or key with a control character"
        hint = "rename it, or exclude the file in versions.lock.json"
        raise FileError(message, place=str(pin.place), hint=hint)
    return pin.site


def agrees(text: str, version: str) -> bool:
    """Whether a version text means the version. Equal texts, the usual case, need no parser."""
    if text == version:
        return True
    from fi_bump.versions import same_version

    return same_version(text, version)


def release_hashes(group: Group, pin: Pin) -> tuple[str, ...]:
    """Return the sorted digests of the group's release of a pinned package; empty if the lock has no files."""
    member = group.member(pin.subject) if pin.hashes else None
    if member is None or not member.files:
        return ()
    from fi_bump.versions import file_version, same_version

    files = [(file_version(name), digest) for name, digest in member.files]
    return tuple(sorted(digest for version, digest in files if version and same_version(version, group.version)))
