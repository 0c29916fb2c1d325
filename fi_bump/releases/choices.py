"""The releases that a group can move to, for a person to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from packaging.version import Version

from fi_bump.lock.records import Group, Member
from fi_bump.releases.age import days, first_uploads, minimum_age, young
from fi_bump.releases.known import Known

_MOST = 15


class ReleaseChoice(NamedTuple):
    """A release that every member has. `uploaded` is the day on which the last of them had it; None if not known.

    `remarks` say what to know of it: that it is the locked one, or too young.
    """

    version: Version
    uploaded: date | None
    remarks: tuple[str, ...]


def choices(known: Known, members: Sequence[Member], group: Group) -> list[ReleaseChoice]:
    """Return the newest releases that all members have, the newest first, and the locked one among them."""
    locked = Version(group.version)
    shared = sorted(known.shared(members), reverse=True)
    accepted = [each for each in shared if known.terms.prerelease or not each.is_prerelease or each == locked]
    shown = accepted[:_MOST] + [each for each in accepted[_MOST:] if each == locked]
    return [_choice(known, members, group, version) for version in shown]


def _choice(known: Known, members: Sequence[Member], group: Group, version: Version) -> ReleaseChoice:
    uploaded = first_uploads(known, members, version)
    remarks = ["locked"] if version == Version(group.version) else []
    early = young(known, members, group, version)
    if early is not None:
        remarks.append(f"{days(early.days)} old; the minimum age is {days(minimum_age(known, group))}")
    return ReleaseChoice(version, max(uploaded).date() if uploaded else None, tuple(remarks))
