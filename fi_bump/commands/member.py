"""`fi-bump member`: add a package to a group, remove one, and record its index and its local version label."""

from __future__ import annotations

from typing import Any, NamedTuple

from fi_bump.commands.locked import locked_repository
from fi_bump.editing import write
from fi_bump.errors import Exit, LockError, UsageError
from fi_bump.grammar import canonical_name
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Group, Lock, Member
from fi_bump.lock.writing import dump
from fi_bump.ownership import assign
from fi_bump.report.finding_lines import count
from fi_bump.repository import Repository
from fi_bump.request import named_group
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say


class MemberOptions(NamedTuple):
    """What is recorded about a member: its indexes in order, its label. None keeps what is there; empty removes it."""

    indexes: tuple[str, ...] | None = None
    label: str | None = None


def add_member(root: str, name: str, group_name: str | None, options: MemberOptions) -> int:
    """Add a package to a group and return 0. Raises UsageError if it is there already, or if the group is unclear."""
    name = canonical_name(name)
    with locked_repository(root) as repository:
        group = _group(repository.lock, group_name)
        if group.member(name):
            hint = f"run fi-bump status to see it, or change it with fi-bump member set {name}"
            raise UsageError(f"'{name}' is already a package of {group.name}", hint=hint)
        member = Member(name, options.indexes or (), options.label or None)
        new = repository.lock.replace_group(group._replace(packages=(*group.packages, member)))
        _write(repository, new, f"member add {name}")
        pins = [pin for pin in repository._replace(lock=new).scan().pins if pin.subject == name]
    tell("member", lambda: _fact(group, member))
    say([f"added {name} to {group.name}{_shown(member)}"])
    if pins:
        say([f"note: {count(len(pins), 'pin')} of it to record; run fi-bump check --fix"])
    return int(Exit.OK)


def remove_member(root: str, name: str, group_name: str | None) -> int:
    """Remove a package from a group and return 0.

    Raises UsageError if no group has it, or if the tree pins it: nothing would keep those pins in step.
    """
    name = canonical_name(name)
    with locked_repository(root) as repository:
        group = _owner(repository.lock, name, group_name)
        pins = [
            each.pin
            for each in assign(repository.lock, repository.scan().pins)
            if each.pin.subject == name and each.group in (group, None)
        ]
        if pins:
            hint = "remove the requirement first, and its site with fi-bump site remove"
            raise UsageError(
                f"{name} is pinned here, so {group.name} must keep it", place=str(pins[0].place), hint=hint
            )
        packages = tuple(member for member in group.packages if member.name != name)
        if not packages:
            hint = "add another package first, or remove the group from versions.lock.json"
            raise UsageError(f"{name} is the only package of {group.name}", hint=hint)
        _write(repository, repository.lock.replace_group(group._replace(packages=packages)), f"member remove {name}")
    tell("member", lambda: {"group": group.name, "name": name})
    say([f"removed {name} from {group.name}"])
    return int(Exit.OK)


def set_member(root: str, name: str, group_name: str | None, options: MemberOptions) -> int:
    """Record a member's index and label, and return 0. Raises UsageError if no group has it, or without an option."""
    name = canonical_name(name)
    if options == MemberOptions():
        message = "the command names nothing to change"
        raise UsageError(message, hint="add --index URL, --label LABEL, --no-index or --no-label")
    with locked_repository(root) as repository:
        group = _owner(repository.lock, name, group_name)
        old = next(member for member in group.packages if member.name == name)
        new = old
        if options.indexes is not None:
            new = new._replace(index_urls=options.indexes)
        if options.label is not None and (options.label or None) != old.label:
            # The recorded files are those with the old label.
            new = new._replace(label=options.label or None, files=())
        packages = tuple(new if member.name == name else member for member in group.packages)
        _write(repository, repository.lock.replace_group(group._replace(packages=packages)), f"member set {name}")
    tell("member", lambda: _fact(group, new))
    say([f"{name} of {group.name}{_shown(new) or ': no index and no label of its own'}"])
    return int(Exit.OK)


def _fact(group: Group, member: Member) -> dict[str, Any]:
    return {"group": group.name, "name": member.name, "index": list(member.index_urls), "label": member.label}


def _shown(member: Member) -> str:
    parts = [f"index {', '.join(member.index_urls)}"] if member.index_urls else []
    parts += [f"label {member.label}"] if member.label else []
    return f": {', '.join(parts)}" if parts else ""


def _group(lock: Lock, name: str | None) -> Group:
    if name is None and len(lock.groups) > 1:
        names = ", ".join(group.name for group in lock.groups)
        raise UsageError(f"the lock has several groups: {names}", hint="choose one with --group NAME")
    return named_group(lock, name or lock.groups[0].name)


def _owner(lock: Lock, package: str, name: str | None) -> Group:
    """Return the group that has the package: the named one, or the only one."""
    owners = [group for group in lock.groups if group.member(package) and name in (None, group.name)]
    if name is not None:
        named_group(lock, name)
    if not owners:
        where = name or "any group"
        hint = f"run fi-bump status to list the packages, or add it with fi-bump member add {package}"
        raise UsageError(f"'{package}' is not a package of {where}", hint=hint)
    if len(owners) > 1:
        names = ", ".join(group.name for group in owners)
        raise UsageError(f"{package} belongs to {names}", hint="choose one with --group NAME")
    return owners[0]


def _write(repository: Repository, lock: Lock, command: str) -> None:
    data = dump(lock)
    try:
        load(data)
    except LockError as error:
        raise UsageError(error.message, place=error.place, hint=error.hint) from None
    if data != repository.lock_data:
        write.commit(repository.root, [write.FileChange(LOCK_NAME, repository.lock_data, data)], command)
