"""The data that `latest` reports for a group and for each of its members."""

from __future__ import annotations

from typing import NamedTuple

from packaging.version import Version

from fi_bump.lock import Group, Member


class MemberLatest(NamedTuple):
    """A member's newest usable release on its index and the day of its upload (YYYY-MM-DD); None if there is none."""

    member: Member
    index_url: str
    version: Version | None
    date: str | None


class GroupLatest(NamedTuple):
    """A group's members, the newest version that all of them have, and the number of conflicts of moving there.

    `left` are the members that their index does not have and no requirement names.
    """

    group: Group
    members: tuple[MemberLatest, ...]
    common: Version | None
    conflicts: int | None
    notes: int
    left: tuple[str, ...]

    @property
    def is_behind(self) -> bool:
        """Whether every member has a newer version than the locked one."""
        return self.common is not None and self.common > Version(self.group.version)
