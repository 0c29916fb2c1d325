"""The data that `latest` reports for a group and for each of its members."""

from __future__ import annotations

from typing import NamedTuple

from packaging.version import Version

from fi_bump.lock.records import Group, Member
from fi_bump.releases.age import Young
from fi_bump.releases.counting import Counted
from fi_bump.releases.notes import GroupNotes


class MemberLatest(NamedTuple):
    """A member's newest usable release on its index and the day of its upload (YYYY-MM-DD); None if there is none."""

    member: Member
    index_url: str
    version: Version | None
    date: str | None


class GroupLatest(NamedTuple):
    """A group's members, the newest version that all of them have, and the number of conflicts of moving there.

    `common` is None if no version that all of them have is as new as the locked one. `counted` says which members
    count. `young` is a newer version that has not the minimum age. `failures` are messages about what is known to fail
    with `common`. `release_notes` are those from the locked version to `common`, if asked for.
    """

    group: Group
    members: tuple[MemberLatest, ...]
    common: Version | None
    conflicts: int | None
    notes: int
    counted: Counted
    young: Young | None = None
    failures: tuple[str, ...] = ()
    release_notes: GroupNotes | None = None

    @property
    def is_behind(self) -> bool:
        """Whether every member has a newer version than the locked one."""
        return self.common is not None and self.common > Version(self.group.version)
