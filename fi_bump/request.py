"""The groups that a command line names, and `[GROUP==]VERSION`: which groups move, and to which version."""

from __future__ import annotations

from typing import NamedTuple

from fi_bump import families
from fi_bump.errors import UsageError, did_you_mean
from fi_bump.grammar import canonical_name
from fi_bump.grouping import filled
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.pins import Kind
from fi_bump.repository import Repository
from fi_bump.scanning.scan import scan
from fi_bump.versions import canonical_version

# In place of a version: the newest one that every package of the group has.
NEWEST = "latest"


class Request(NamedTuple):
    """The requested versions by group, and the lock, including the groups that the command adds to it.

    A version may be NEWEST until the indexes have been asked.
    """

    lock: Lock
    versions: dict[str, str]

    @property
    def groups(self) -> list[Group]:
        """The groups that the command moves, at their present versions."""
        return [group for group in self.lock.groups if group.name in self.versions]

    @property
    def targets(self) -> tuple[str, ...]:
        """The request as `[GROUP==]VERSION` texts."""
        return tuple(f"{name}=={version}" for name, version in self.versions.items())


def named_group(lock: Lock, name: str) -> Group:
    """Return the group of that name. Raises UsageError, with similar names, if there is none."""
    group = lock.group(name)
    if group is None:
        raise _unknown_group(lock, name)
    return group


def read_request(repository: Repository, targets: tuple[str, ...], *, newest: bool = False) -> Request:
    """Parse `[GROUP==]VERSION` texts; with `newest`, NEWEST is a version too.

    A name that is not a group of the lock becomes one if it is a package or a known family that the tree pins, so that
    the command which an audit proposes can be run unchanged. Raises UsageError for an unknown or repeated group or an
    invalid version.
    """
    lock = repository.lock
    versions: dict[str, str] = {}
    for target in targets:
        name, separator, version = target.partition("==")
        if not separator:
            name, version = _only_group(repository.lock, target), target
        if name in versions:
            raise UsageError(f"the group '{name}' is given twice")
        if lock.group(name) is None:
            added = _new_group(repository, name)
            if added is None:
                raise _unknown_group(lock, name, f"=={version}")
            lock = lock._replace(groups=(*lock.groups, added))
        versions[name] = version if newest and version == NEWEST else canonical_version(version)
    return Request(lock, versions)


def _new_group(repository: Repository, name: str) -> Group | None:
    """Return a group, at its present version, for a known family or a package that the tree requires; else None."""
    if canonical_name(name) != name or any(name in group.subjects for group in repository.lock.groups):
        return None
    group = families.families().get(name, Group(name, "0", (Member(name),)))
    taken = {subject for other in repository.lock.groups for subject in other.subjects}
    if taken & group.subjects:
        return None
    alone = Lock((group,), repository.lock.exclude)
    found = scan(repository.root, alone)
    if not any(pin.kind is Kind.REQUIREMENT for pin in found.pins):
        return None
    return filled(group, alone, found, None)


def _only_group(lock: Lock, version: str) -> str:
    if len(lock.groups) > 1:
        names = ", ".join(group.name for group in lock.groups)
        hint = f"write {lock.groups[0].name}=={version}; the groups are {names}"
        raise UsageError(f"the lock has {len(lock.groups)} groups, and '{version}' does not say which", hint=hint)
    return lock.groups[0].name


def _unknown_group(lock: Lock, name: str, version: str = "") -> UsageError:
    owners = [group.name for group in lock.groups if name in group.subjects]
    names = [group.name for group in lock.groups]
    if owners:
        hint = f"'{name}' moves with its group: write {owners[0]}{version}"
    else:
        hint = did_you_mean(name, names, f"the groups are {', '.join(names)}")
    return UsageError(f"the lock has no group '{name}'", hint=hint)
