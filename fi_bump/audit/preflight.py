"""Check a move before it is made: that every member has the release, and that no requirement conflicts with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from packaging.version import Version

from fi_bump.audit.audit import Audit, audit, stated_together
from fi_bump.errors import NoReleaseError
from fi_bump.fit.engine.files import scanned_python_files
from fi_bump.fit.model import Compared, Fit
from fi_bump.fit.tree_code import TreeCode, compared
from fi_bump.lock.records import Group
from fi_bump.releases.age import newest_ripe, young
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.checksums import NOTHING, Renewed, renewed
from fi_bump.releases.counting import Counted, count_members, start_counting
from fi_bump.releases.known import Known, MemberRelease, release_files
from fi_bump.releases.notes import GroupNotes, release_notes
from fi_bump.releases.on_the_way import Release, on_the_way
from fi_bump.request import NEWEST, Request
from fi_bump.scanning.scan import Scan

ReleaseFiles = dict[str, tuple[tuple[str, str], ...]]


class Preflight(NamedTuple):
    """The indexes' answers about a request.

    `request` has the versions as the indexes spell them, and in place of NEWEST the newest one. `refusals` are the
    reasons not to move, and `remedies` say what to do instead. `files` are the release files by member. `notes` say
    which members do not count, and why. `audit` is None if a refusal came first. `releases` are, by group, those
    between the old and the new version. `fits` say how the code fits the new releases, where it calls their packages.
    `young` are sentences about releases that have not the minimum age. `renewed` are the new checksums, if asked for.
    `release_notes` are those of the moving groups, if asked for.
    """

    request: Request
    refusals: tuple[str, ...]
    remedies: tuple[str, ...]
    files: ReleaseFiles
    notes: tuple[str, ...]
    audit: Audit | None
    releases: dict[str, tuple[Release, ...]]
    fits: tuple[Fit, ...] = ()
    young: tuple[str, ...] = ()
    renewed: Renewed = NOTHING
    release_notes: tuple[GroupNotes, ...] = ()


def preflight(
    root: str,
    request: Request,
    scan: Scan,
    online: Online,
    *,
    code: bool = False,
    checksums: bool = False,
    meanwhile: Callable[[], None] | None = None,
) -> Preflight:
    """Ask the indexes of all moving members; audit the move unless a member lacks the release.

    With `code`, also compare the code's calls with the new releases. What cannot be compared is told and stops nothing.
    With `checksums`, also find the new checksums of versions that have one beside them. `meanwhile` is called while the
    first answers are on their way, and may start threads and processes.

    Raises PackageIndexError when it is not known whether a member has it, and NoReleaseError if NEWEST is asked for and
    there is no version that all members have and that is old enough.
    """
    refusals: list[str] = []
    remedies: list[str] = []
    files: ReleaseFiles = {}
    notes: list[str] = []
    releases: dict[str, tuple[Release, ...]] = {}
    ages: list[str] = []
    with ExitStack() as stack:
        tree = None
        if code:
            tree = stack.enter_context(TreeCode(root, scanned_python_files(scan)))
            tree.read_ahead(_moves(request))
        known = stack.enter_context(asking(root, request.lock, online, scan, or_offline=True))
        # Of the others nothing is asked before it is known that the first one can move.
        for group in request.groups[:1]:
            start_counting(known, group)
        if meanwhile is not None:
            meanwhile()
        together = stated_together(root, request.lock, known, scan.all_paths)
        for group in request.groups:
            counted, version = _chosen(known, group, request.versions[group.name])
            request.versions[group.name] = version
            notes += counted.notes
            available = known.member_releases(counted.asked, Version(version))
            refused = [release for release in available if release.refused]
            refusals += [release.message for release in refused]
            if refused:
                remedies += _remedies(known, request, group, available)
            if not refused and (early := young(known, counted.asked, group, Version(version))):
                ages.append(f"{group.name} {early.message}")
            releases[group.name] = on_the_way(known, counted.asked, group.version, version)
            files |= {release.member.name: release_files(release) for release in available}
        found = None if refusals else audit(root, request.lock, request.versions, known, scan.all_paths, together)
        if known.unread is not None:
            raise known.unread
        sums = renewed(known, request.lock, request.versions, scan) if checksums and not refusals else NOTHING
        wanted = request.groups if online.release_notes and not refusals else []
        moving = [each for each in wanted if request.versions[each.name] != each.version]
        notices = [release_notes(known, group, releases[group.name]) for group in moving]
        code_fits = tree.fits(_moves(request), known)[0] if tree is not None and not refusals else []
    return Preflight(
        request=request,
        refusals=tuple(refusals),
        remedies=tuple(dict.fromkeys(remedies)),
        files=files,
        notes=tuple(notes),
        audit=found,
        releases=releases,
        fits=tuple(each for each in code_fits if each.uses or each.skipped),
        young=tuple(ages),
        renewed=sums,
        release_notes=tuple(notices),
    )


def _moves(request: Request) -> list[Compared]:
    """The members that move and that code can call. NEWEST is no version: none is proposed until it is known."""
    moves = [each for each in compared(request.lock, request.versions) if each.proposed is not None]
    return [each._replace(proposed=None) if each.proposed == NEWEST else each for each in moves]


def _chosen(known: Known, group: Group, wanted: str) -> tuple[Counted, str]:
    """Return the members that count, and the version as their indexes spell it."""
    if wanted != NEWEST:
        counted = count_members(known, group, wanted)
        return counted, known.spelled(counted.asked, Version(wanted))
    counted = count_members(known, group)
    common = newest_ripe(known, counted.asked, group)
    if common is None:
        hint = f"run fi-bump latest {group.name} to see which versions each member has"
        raise NoReleaseError(f"there is no version that all packages of {group.name} have", hint=hint)
    # The newest that all have may be older than the locked one, which then stays.
    return counted, str(max(common, Version(group.version)))


def _remedies(known: Known, request: Request, group: Group, releases: Sequence[MemberRelease]) -> list[str]:
    """Return what to do instead of a refused move, the best first. None of them moves a group to an older version."""
    refused = [release for release in releases if release.refused]
    found = []
    if all(release.refused and "is yanked" in release.refused for release in refused):
        found.append("add --allow-yanked to accept the yanked release")
    common = newest_ripe(known, [release.member for release in releases], group)
    if common is not None and common > Version(group.version):
        target = f"{group.name}=={common}" if len(request.lock.groups) > 1 else str(common)
        found.append(f"run fi-bump set {target}, the newest version that every member has")
    elif not found:
        found.append(f"run fi-bump latest {group.name} to see which versions each member has")
    for release in refused:
        found += _label_remedy(release)
    installed = known.installed.names
    for idle in (release.member.name for release in refused if release.member.name not in installed):
        found.append(f"if nothing uses {idle}, take it out of the lock: fi-bump member remove {idle}")
    return found


def _label_remedy(release: MemberRelease) -> list[str]:
    """Return what to do if the lock gives a member a label that none of its releases has."""
    member, files = release.member, release.answer.files
    labels = sorted({file.version.local for file in files if file.version.local})
    if member.label is None or not files or member.label in labels:
        return []
    if not labels:
        return [f"forget the label: fi-bump member set {member.name} --no-label"]
    return [f"record another label: fi-bump member set {member.name} --label {labels[-1]}"]
