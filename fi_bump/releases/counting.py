"""Which members of a group count for a release: those that the tree installs, and those that the lock says more about.

A family lists every package that a repository may use, not those that it does use. A package that nothing installs must
not hold a release back, so no index is asked about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from packaging.version import Version

from fi_bump.index.client import newest
from fi_bump.lock.records import Group, Member
from fi_bump.releases.age import newest_ripe
from fi_bump.releases.known import Known


class Counted(NamedTuple):
    """The members of a group by what is known of their releases.

    `asked` count. `idle` are not installed here; no index was asked about them. `unknown` come from places that cannot
    be asked. `notes` say so, one sentence for each reason.
    """

    asked: tuple[Member, ...]
    idle: tuple[Member, ...]
    unknown: tuple[Member, ...]
    notes: tuple[str, ...]


def count_members(known: Known, group: Group, wanted: str | None = None) -> Counted:
    """Return which members count, for one version or, without `wanted`, for the newest.

    A member counts if the tree installs it, or if the lock gives it an index or a label. If none does, because the tree
    has only a variable or a clone, those count that an index has at this version. Raises PackageIndexError.
    """
    installed = _installed(known, group)
    if not installed:
        return _by_release(known, group, Version(wanted) if wanted else None)
    known.answers(installed)
    unknown = [member for member in installed if known.answer(member.name).is_unknown]
    asked = [member for member in installed if member not in unknown]
    idle = [member for member in group.packages if member not in installed]
    notes = [*_idle_notes(idle), *(_unknown_note(known, member) for member in unknown), *_silent_notes(known, asked)]
    return Counted(tuple(asked), tuple(idle), tuple(unknown), tuple(notes))


def start_counting(known: Known, group: Group) -> None:
    """Start to ask about the members of which `count_members` will ask, and do not wait for the answers."""
    known.start(_installed(known, group) or group.packages)


def _installed(known: Known, group: Group) -> list[Member]:
    return [each for each in group.packages if known.installed.counts(each)]


def _by_release(known: Known, group: Group, version: Version | None) -> Counted:
    answers = dict(zip(group.packages, known.answers(group.packages), strict=True))
    there = [member for member, answer in answers.items() if answer.files]
    for answer in answers.values():
        if not answer.files:
            answer.refuse_silence(version)
    if version is None:
        best = newest(
            [each for member in there for each in known.usable(member.name)], prereleases=known.terms.prerelease
        )
        having = [member for member in there if best in known.usable(member.name)]
    else:
        having = [member for member in there if known.files(member.name, version)]
    asked = having or there
    left = [member for member in group.packages if member not in asked]
    note = f"nothing here installs {_either(left)} by name, so {_its(left)} releases do not count"
    return Counted(tuple(asked), (), (), (note,) if left and asked else ())


def _idle_notes(idle: Sequence[Member]) -> list[str]:
    if not idle:
        return []
    return [f"nothing here installs {_either(idle)}, so no index was asked about {'it' if len(idle) == 1 else 'them'}"]


def _unknown_note(known: Known, member: Member) -> str:
    first = known.answer(member.name).elsewhere[0]
    what = f"{first.place.at_line} installs {member.name} from {first.shown}, which fi-bump cannot ask"
    remedy = f"to check them, name its index: fi-bump member set {member.name} --index URL"
    return f"{what}, so its releases were not checked; {remedy}"


def _silent_notes(known: Known, asked: Sequence[Member]) -> list[str]:
    silent: dict[str, list[str]] = {}
    for member in asked:
        for each in known.answer(member.name).silent:
            silent.setdefault(f"{each.shown} did not answer ({each.error.message})", []).append(member.name)
    return [f"{what}; it was asked about {' and '.join(names)}" for what, names in silent.items()]


def _either(members: Sequence[Member]) -> str:
    return " or ".join(member.name for member in members)


def _its(members: Sequence[Member]) -> str:
    return "its" if len(members) == 1 else "their"


def newest_common(known: Known, counted: Counted, group: Group) -> Version | None:
    """Return the newest version that every member that counts has, and that has the group's minimum age.

    The result is None if it is older than the locked one.
    """
    common = newest_ripe(known, counted.asked, group)
    return common if common is not None and common >= Version(group.version) else None
