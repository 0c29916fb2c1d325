"""Before a group moves: whether every member really has the release, and what it contradicts in the repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from packaging.version import Version

from fi_bump.audit.audit import Audit, audit
from fi_bump.lock import Group
from fi_bump.records import NamedTuple
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.known import Known, MemberRelease, asked_members, release_files
from fi_bump.releases.on_the_way import Release, on_the_way
from fi_bump.request import Request
from fi_bump.scanning.scan import Scan

ReleaseFiles = dict[str, tuple[tuple[str, str], ...]]


class Preflight(NamedTuple):
    """What the indexes say of a request.

    `refusals` are the reasons not to move, `remedy` what to do instead; `files` are the release files of each member
    by package, `left` the members that no index knows and nothing names; `audit` is None where it was not reached, and
    `releases` are those on the way by group.
    """

    refusals: tuple[str, ...]
    remedy: str | None
    files: ReleaseFiles
    left: tuple[str, ...]
    audit: Audit | None
    releases: dict[str, tuple[Release, ...]]


def preflight(root: str, request: Request, look: Callable[[], Scan], online: Online) -> tuple[Scan, Preflight]:
    """Look at the tree while the index of every moving member is asked, and audit the move where nothing refuses it.

    Raises PackageIndexError when an index cannot be asked: then nothing is known, and nothing may move.
    """
    refusals: list[str] = []
    files: ReleaseFiles = {}
    left: list[str] = []
    remedy = None
    releases: dict[str, tuple[Release, ...]] = {}
    with asking(root, request.lock, online, or_offline=True) as known:
        known.ask_ahead(member.name for group in request.groups for member in group.packages)
        scan = look()
        named = scan.required_names
        for group in request.groups:
            version = request.versions[group.name]
            standings, out = _standings(known, group, version, named)
            left += out
            refused = [standing for standing in standings if standing.refused]
            refusals += [standing.message for standing in refused]
            if refused and remedy is None:
                remedy = _remedy(known, request, group, standings) + _or_without(refused, named)
            asked = [standing.member for standing in standings]
            releases[group.name] = on_the_way(known, asked, group.version, version)
            files |= {standing.member.name: release_files(standing) for standing in standings}
        found = None if refusals else audit(root, request.lock, request.versions, known, scan.all_paths)
    return scan, Preflight(tuple(refusals), remedy, files, tuple(left), found, releases)


def _standings(known: Known, group: Group, version: str, named: set[str]) -> tuple[Sequence[MemberRelease], list[str]]:
    asked, left = asked_members(known, group, named)
    return known.standings(asked, Version(version)), [member.name for member in left]


def _or_without(refused: Sequence[MemberRelease], named: set[str]) -> str:
    """What else would do where only members stand in the way that `init` listed with their family, and nothing pins."""
    members = [standing.member for standing in refused]
    idle = [member.name for member in members]
    if not named.isdisjoint(idle) or any(member.index_urls or member.label for member in members):
        return ""
    them = "it" if len(idle) == 1 else "them"
    return f"; or take {' and '.join(idle)} out of versions.lock.json, if nothing here uses {them}"


def _remedy(known: Known, request: Request, group: Group, standings: Sequence[MemberRelease]) -> str:
    """The command for the newest version that every member has, or that there is none."""
    if any(standing.refused and "yanked" in standing.refused for standing in standings) and not any(
        standing.missing for standing in standings
    ):
        return "--allow-yanked takes it all the same"
    common = known.common([standing.member for standing in standings])
    if common is None:
        names = ", ".join(standing.member.name for standing in standings)
        remedy = "give a member its own index or label in versions.lock.json"
        return f"no version is on the indexes of all of {names}: {remedy}"
    target = f"{group.name}=={common}" if len(request.lock.groups) > 1 else str(common)
    return f"the newest version that every member has is {common}: run fi-bump set {target}"
