"""The age of releases, and the minimum age that a group or the command line asks for.

Many first cuts are replaced by a .post release within days. A minimum age passes them over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from packaging.version import Version

from fi_bump.errors import UsageError
from fi_bump.index.client import newest
from fi_bump.lock.records import Group, Member
from fi_bump.releases.known import Known


class Young(NamedTuple):
    """A release that is younger than the minimum age, both in days; `elder` is the newest one that is old enough.

    With `is_locked` that is the locked one, which is too young as well, but counts all the same.
    """

    version: Version
    days: int
    minimum: int
    elder: Version | None
    is_locked: bool = False

    @property
    def message(self) -> str:
        """What to say of it: `0.7.2 is 3 days old, but the minimum age is 10 days; …`."""
        which = f"the newest that is old enough is {self.elder}" if self.elder else "no other release is old enough"
        if self.is_locked:
            which = f"no newer release than the locked {self.elder} is old enough"
        return f"{self.version} is {days(self.days)} old, but the minimum age is {days(self.minimum)}; {which}"


def days(number: int) -> str:
    """Return `1 day`, `10 days`."""
    return f"{number} day" if number == 1 else f"{number} days"


def days_of(text: str) -> int:
    """Parse the value of --min-age: `10`, `10 days` or `1 day`. Raises UsageError."""
    number, _, unit = text.strip().partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) < 5) or unit.strip() not in ("", "day", "days"):
        raise UsageError(f"'{text}' is not a number of days", hint="write --min-age '10 days'; 0 accepts every release")
    return int(number)


def minimum_age(known: Known, group: Group) -> int:
    """Return the minimum age of a group's releases in days: that of --min-age, else the group's own, else 0."""
    return group.minimum_age or 0 if known.terms.minimum_age is None else known.terms.minimum_age


def age(known: Known, members: Iterable[Member], version: Version) -> int | None:
    """Return the age of a release in whole days, since the last of the members had its first file of it.

    The result is None if no index says when a file was uploaded.
    """
    first = first_uploads(known, members, version)
    return max((datetime.now(UTC) - max(first)).days, 0) if first else None


def first_uploads(known: Known, members: Iterable[Member], version: Version) -> list[datetime]:
    """Return, for each member whose index tells it, when its first file of a release was uploaded."""
    first = []
    for member in members:
        files = known.answer(member.name).project.of(version, member.label)
        uploaded = [when for file in files if file.uploaded and (when := _time(file.uploaded)) is not None]
        first += [min(uploaded)] if uploaded else []
    return first


def _time(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def newest_ripe(known: Known, members: Sequence[Member], group: Group) -> Version | None:
    """Return the newest usable version that all members have and that has the group's minimum age.

    The locked version is always old enough, and so is a version whose age is not known.
    """
    minimum, locked = minimum_age(known, group), Version(group.version)
    if not minimum:
        return known.common(members)
    ages = {each: minimum if each == locked else age(known, members, each) for each in known.shared(members)}
    ripe = [each for each, old in ages.items() if old is None or old >= minimum]
    return newest(ripe, prereleases=known.terms.prerelease)


def young(known: Known, members: Sequence[Member], group: Group, version: Version) -> Young | None:
    """Return a version that is younger than the group's minimum age, or None. The locked version is never too young."""
    minimum = minimum_age(known, group)
    old = age(known, members, version) if minimum and version != Version(group.version) else None
    if old is None or old >= minimum:
        return None
    elder = newest_ripe(known, members, group)
    locked = age(known, members, elder) if elder == Version(group.version) else None
    return Young(version, old, minimum, elder, is_locked=locked is not None and locked < minimum)
