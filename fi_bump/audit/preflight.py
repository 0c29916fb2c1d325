"""Check a move before it is made: that every member has the release, and that no requirement conflicts with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from packaging.version import Version

from fi_bump.audit.audit import Audit, audit
from fi_bump.lock import Group
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.known import Known, MemberRelease, asked_members, release_files
from fi_bump.releases.on_the_way import Release, on_the_way
from fi_bump.request import Request
from fi_bump.scanning.scan import Scan

ReleaseFiles = dict[str, tuple[tuple[str, str], ...]]


class Preflight(NamedTuple):
    """The indexes' answers about a request.

    `refusals` are the reasons not to move, and `remedy` says what to do instead. `files` are the release files by
    member. `left` are the members that no index has and no requirement names. `audit` is None if a refusal came first.
    `releases` are, by group, those between the old and the new version.
    """

    refusals: tuple[str, ...]
    remedy: str | None
    files: ReleaseFiles
    left: tuple[str, ...]
    audit: Audit | None
    releases: dict[str, tuple[Release, ...]]


def preflight(root: str, request: Request, look: Callable[[], Scan], online: Online) -> tuple[Scan, Preflight]:
    """Ask the indexes of all moving members while `look` scans the tree; audit the move unless a member lacks it.

    Raises PackageIndexError when an index cannot be asked: without its answer nothing may move.
    """
    refusals: list[str] = []
    files: ReleaseFiles = {}
    left: list[str] = []
    remedy = None
    releases: dict[str, tuple[Release, ...]] = {}
    with asking(root, request.lock, online, or_offline=True) as known:
        known.prefetch(member.name for group in request.groups for member in group.packages)
        scan = look()
        named = scan.required_names
        for group in request.groups:
            version = request.versions[group.name]
            available, out = _member_releases(known, group, version, named)
            left += out
            refused = [release for release in available if release.refused]
            refusals += [release.message for release in refused]
            if refused and remedy is None:
                remedy = _remedy(known, request, group, available) + _or_without(refused, named)
            asked = [release.member for release in available]
            releases[group.name] = on_the_way(known, asked, group.version, version)
            files |= {release.member.name: release_files(release) for release in available}
        found = None if refusals else audit(root, request.lock, request.versions, known, scan.all_paths)
    return scan, Preflight(
        refusals=tuple(refusals), remedy=remedy, files=files, left=tuple(left), audit=found, releases=releases
    )


def _member_releases(
    known: Known, group: Group, version: str, named: set[str]
) -> tuple[Sequence[MemberRelease], list[str]]:
    asked, left = asked_members(known, group, named)
    return known.member_releases(asked, Version(version)), [member.name for member in left]


def _or_without(refused: Sequence[MemberRelease], named: set[str]) -> str:
    """Return a second remedy if no requirement names the refused members, which `init` listed with their family."""
    members = [release.member for release in refused]
    idle = [member.name for member in members]
    if not named.isdisjoint(idle) or any(member.index_urls or member.label for member in members):
        return ""
    them = "it" if len(idle) == 1 else "them"
    return f"; or remove {' and '.join(idle)} from versions.lock.json if nothing here uses {them}"


def _remedy(known: Known, request: Request, group: Group, releases: Sequence[MemberRelease]) -> str:
    """Return what to do instead: the command for the newest version that every member has, or an edit of the lock."""
    if any(release.refused and "yanked" in release.refused for release in releases) and not any(
        release.missing for release in releases
    ):
        return "add --allow-yanked to accept the yanked release"
    common = known.common([release.member for release in releases])
    if common is None:
        names = ", ".join(release.member.name for release in releases)
        remedy = "give a member its own index or label in versions.lock.json"
        return f"{remedy}: no version is on the indexes of all of {names}"
    target = f"{group.name}=={common}" if len(request.lock.groups) > 1 else str(common)
    return f"run fi-bump set {target}, the newest version that every member has"
