"""The releases between two versions of a group, as the members' indexes have them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from packaging.version import Version

from fi_bump.index.model import File
from fi_bump.lock.records import Member
from fi_bump.releases.known import Known


def on_the_way(known: Known, members: Iterable[Member], old: str | None, new: str) -> tuple[Release, ...]:
    """Return the releases of any member after `old`, up to and including `new`; in falling order for a downgrade.

    They are final releases, and `new` of any kind. Without `old`, or if both are equal, only `new`.
    """
    end = Version(new)
    start = end if old is None else Version(old)
    found: dict[Version, list[list[File]]] = {end: []}
    for member in members:
        for version, files in known.answer(member.name).project.by_version(member.label).items():
            inside = start < version < end or end < version < start
            if version == end or (inside and not version.is_prerelease):
                found.setdefault(version, []).append(files)
    ordered = sorted(found, reverse=end < start)
    return tuple(_release(version, found[version]) for version in ordered)


def _release(version: Version, members: list[list[File]]) -> Release:
    uploaded = [file.uploaded for files in members for file in files if file.uploaded]
    withdrawn = [files for files in members if all(file.yanked is not None for file in files)]
    reasons = sorted({file.yanked for files in withdrawn for file in files if file.yanked})
    yanked = ", ".join(reasons) if withdrawn else None
    return Release(str(version), min(uploaded)[:10] if uploaded else None, yanked)


class Release(NamedTuple):
    """A release; `date` is the day of its first upload, `yanked` the reason if a member's release is yanked."""

    version: str
    date: str | None = None
    yanked: str | None = None
