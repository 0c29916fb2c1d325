"""Audit a lock or a planned move: compare the releases' requirements with those of the repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fi_bump.audit.breakages import known_breakages, known_failures
from fi_bump.audit.conflicts import Conflict, Stated, conflicts
from fi_bump.audit.notes import Note, bad_releases, open_floors
from fi_bump.audit.proposal import propose
from fi_bump.audit.statements import InstalledTogether, Paths, installed_together
from fi_bump.installs.model import IndexOptions
from fi_bump.lock.records import LOCK_NAME, Group, Lock, Member
from fi_bump.pins import Place
from fi_bump.releases.counting import count_members
from fi_bump.releases.index_order import combined
from fi_bump.releases.known import Known


class Audit(NamedTuple):
    """The result of an audit.

    `proposal` maps other packages to the versions that they must move to. It is empty without conflicts, and None if
    no set of moves resolves them. `refused` are the reasons for which `set` refuses the versions, and `failures`
    what is known to fail with them; both are among the notes too.
    """

    conflicts: tuple[Conflict, ...]
    notes: tuple[Note, ...]
    proposal: Mapping[str, Version] | None
    refused: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def stated_together(root: str, lock: Lock, known: Known, paths: Paths | None = None) -> list[InstalledTogether]:
    """Return the requirements of the repository, and recall what the cache knows of other packages: no index is asked.

    `paths` are the tree's files, if the caller knows them already.
    """
    sets = installed_together(root, lock, paths)
    members = {member.name for group in lock.groups for member in group.packages}
    for each in sets:
        known.recall(pin for pin in _pinned(each.stated) if pin[0] not in members)
    return sets


def audit(
    root: str,
    lock: Lock,
    versions: Mapping[str, str],
    known: Known,
    paths: Paths | None = None,
    together: Sequence[InstalledTogether] | None = None,
) -> Audit:
    """Audit the groups at their locked versions, or at those in `versions` (group name to version).

    `paths` are the tree's files, and `together` is what `stated_together` returned, if the caller knows them already.
    Raises PackageIndexError when an index cannot be asked.
    """
    packages = _versions(lock, versions)
    refused = _refused(lock, versions, known)
    found: dict[tuple[str, str], Conflict] = {}
    notes: dict[Note, None] = {}
    sets = []
    bad: list[Note] = []
    environments = known.targets.environments
    if together is None:
        together = installed_together(root, lock, paths)
    for one in together:
        stated = [_moved(each, packages) for each in one.stated]
        if not any(each.package in packages for each in stated):
            continue
        sets.append(stated)
        _prefetch(stated, known)
        here = conflicts(stated, frozenset(packages), known, environments)
        found |= {each.key: each for each in here}
        notes |= dict.fromkeys(open_floors(stated, known, known_breakages(), environments))
        notes |= dict.fromkeys(_unreachable(one, stated, packages, lock, known, refused))
        bad += bad_releases(stated)
    moves = propose(sets, packages, known, environments) if found else {}
    if moves:
        moves = _everywhere(root, lock, packages, known, paths, moves)
    bad += _bad_members(lock, versions, known)
    # One place suffices for what is known of a release.
    failures = {each.message: each for each in sorted(bad, key=_in_lock, reverse=True)}
    notes |= dict.fromkeys(failures.values())
    said = {note.message for note in notes}
    notes |= dict.fromkeys(Note(Place(LOCK_NAME), message) for message in refused.values() if message not in said)
    return Audit(tuple(found.values()), tuple(sorted(notes)), moves, tuple(refused.values()), tuple(sorted(failures)))


def _in_lock(note: Note) -> tuple[bool, Note]:
    return note.place.path == LOCK_NAME, note


def _bad_members(lock: Lock, versions: Mapping[str, str], known: Known) -> list[Note]:
    """Return a note on the lock for what is known to fail with the releases of the members that count."""
    return [
        Note(Place(LOCK_NAME), breakage.message(version))
        for group in lock.groups
        for version in [Version(versions.get(group.name, group.version))]
        for member in count_members(known, group, str(version)).asked
        for breakage in known_failures(member.name, version)
    ]


def _refused(lock: Lock, versions: Mapping[str, str], known: Known) -> dict[str, str]:
    """Return, by package, why `set` refuses a version that is audited: a member that counts does not have it."""
    messages = {}
    for group in lock.groups:
        if versions and group.name not in versions:
            continue
        version = versions.get(group.name, group.version)
        for release in known.member_releases(count_members(known, group, version).asked, Version(version)):
            if release.refused:
                messages[release.member.name] = release.message
    return messages


def _everywhere(
    root: str,
    lock: Lock,
    packages: Mapping[str, Mapping[str, Version]],
    known: Known,
    paths: Paths | None,
    moves: Mapping[str, Version],
) -> dict[str, Version] | None:
    """Return moves that fit every file that pins a moved package, or None if there are none.

    `set` moves a package wherever it is pinned, also in files that the audit did not have to read.
    """
    extended = lock
    while True:
        added = [Group(name, "0", (Member(name),)) for name in moves if not _names(extended, name)]
        extended = extended._replace(groups=(*extended.groups, *added))
        sets = [[_moved(each, packages) for each in one.stated] for one in installed_together(root, extended, paths)]
        again = propose(sets, packages, known, known.targets.environments)
        if again is None or all(_names(extended, name) for name in again):
            return again
        moves = again


def _names(lock: Lock, package: str) -> bool:
    return any(group.member(package) for group in lock.groups)


def _versions(lock: Lock, versions: Mapping[str, str]) -> dict[str, dict[str, Version]]:
    """Map each member to the versions that its groups move from and to. Several groups may share a package."""
    packages: dict[str, dict[str, Version]] = {}
    for group in lock.groups:
        new = Version(versions.get(group.name, group.version))
        for member in group.packages:
            packages.setdefault(member.name, {})[str(Version(group.version))] = new
    return packages


def _moved(stated: Stated, packages: Mapping[str, Mapping[str, Version]]) -> Stated:
    """Return a member's exact pin at its group's new version; return any other requirement unchanged."""
    moves = packages.get(stated.package)
    if moves is None or stated.version is None:
        return stated
    # With one group, the pin belongs to it even if it drifted; with several, only the pin's version tells which.
    new = next(iter(moves.values())) if len(moves) == 1 else moves.get(str(stated.version), stated.version)
    requirement = Requirement(str(stated.requirement))
    requirement.specifier = SpecifierSet(f"=={new}")
    return stated._replace(requirement=requirement)


def _prefetch(stated: Sequence[Stated], known: Known) -> None:
    """Ask for all metadata that the comparison will need, with several requests at once."""
    pinned = _pinned(stated)
    known.recall(pinned)
    known.client.each(lambda pin: known.requires(*pin), [pin for pin in pinned if not known.recalls(*pin)])


def _pinned(stated: Iterable[Stated]) -> dict[tuple[str, Version], None]:
    """Return the releases that are pinned, each once."""
    return dict.fromkeys((each.package, each.version) for each in stated if each.version is not None)


def _unreachable(
    together: InstalledTogether,
    stated: Sequence[Stated],
    packages: Mapping[str, object],
    lock: Lock,
    known: Known,
    refused: Mapping[str, str],
) -> list[Note]:
    """Return a note for each member whose release is on no index that is asked where its file is installed."""
    notes = []
    for each in stated:
        if each.package in packages and each.version is not None:
            trouble = refused.get(each.package)
            if trouble is None:
                missing = _on_none(together, each.package, each.version, known)
                trouble = missing and f"{missing}{_remedy(_group_of(lock, each.package), each.package)}"
            notes += [Note(each.place, trouble)] if trouble else []
    return notes


def _on_none(together: InstalledTogether, package: str, version: Version, known: Known) -> str | None:
    """Return a message if the release is on no index that a pin's own file and its commands name, else None.

    The lock may name another one. An index that does not answer is named in the message and is no error; where a place
    cannot be asked, there is no message.
    """
    options = [each.options for each in known.installed.of(package) if together.path in each.paths]
    answers = [known.at(package, combined(each, known.user)) for each in options or [IndexOptions()]]
    label = known.label(package)
    if any(answer.elsewhere or answer.project.of(version, label) for answer in answers):
        return None
    silent = list(dict.fromkeys(each.shown for answer in answers for each in answer.silent))
    absent = f"{package} {answers[0].absence(version, label, known.terms.prerelease)}"
    return absent + (f", and {', '.join(silent)} did not answer" if silent else "")


def _group_of(lock: Lock, package: str) -> Group:
    return next(group for group in lock.groups if group.member(package))


def _remedy(group: Group, package: str) -> str:
    member = group.member(package)
    return f"; add --extra-index-url {member.own_indexes[0]}" if member and member.own_indexes else ""
