"""`fi-bump resolve`: decide the lock and the pins of a conflicted merge together, and stage them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fi_bump.commands.locked import locked_folder
from fi_bump.editing import write
from fi_bump.errors import Exit, UsageError
from fi_bump.findings.of_check import finding_line
from fi_bump.git import conflict
from fi_bump.lock.records import LOCK_NAME
from fi_bump.merging.locks import Choice, MergedLock
from fi_bump.merging.resolution import Resolution, merged_lock, plan_resolution, read_lock
from fi_bump.ownership import assign
from fi_bump.report.finding_lines import count, help_lines, move_lines, pins_in_files
from fi_bump.report.json.answer import groups_of, moved_pins
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say
from fi_bump.versions import canonical_version

_REBASE = "note: in a rebase, ours is the branch that you rebase onto, and theirs is your own commit"


class ResolveOptions(NamedTuple):
    """The options of `resolve`. `side` is `ours`, `theirs` or `newest`; `versions` are `[GROUP==]VERSION` texts."""

    root: str
    side: str | None = None
    versions: tuple[str, ...] = ()


def run(options: ResolveOptions) -> int:
    """Resolve, stage, and return the exit code: 0 if nothing of it stays open, 1 if something does or it was refused.

    Raises FiBumpError outside a git work tree, and for a lock that one side has deleted or that is invalid.
    """
    with locked_folder(options.root) as root:
        unmerged = conflict.unmerged(root)
        data = read_lock(root)
        stages = unmerged.get(LOCK_NAME)
        choice = _choice(options, merged_lock(root, data, stages, Choice("ours")))
        merged = merged_lock(root, data, stages, choice)
        operation = conflict.operation(root)
        if merged.open:
            say([*_refusal(merged), *([_REBASE] if operation == "rebase" else [])])
            return int(Exit.FINDINGS)
        resolution = plan_resolution(root, data, unmerged, merged)
        if not resolution.is_conflicted:
            say(["the lock and the files with pins have no merge conflict"])
            return int(Exit.OK)
        staged = _stageable(root, resolution, unmerged)
        write.commit(root, resolution.changes, "resolve")
        filtered = conflict.unstageable(root, staged) if staged else set()
        conflict.stage(root, [path for path in staged if path not in filtered])
    staged = [path for path in staged if path not in filtered]
    _facts(resolution, staged)
    say(_report(resolution, staged, sorted(filtered), operation))
    is_open = resolution.findings or filtered or any(each.left for each in resolution.files)
    return int(Exit.FINDINGS if is_open else Exit.OK)


def _choice(options: ResolveOptions, merged: MergedLock) -> Choice:
    """Return the choice of the command line. Raises UsageError for options that exclude each other."""
    if options.side is not None and options.versions:
        raise UsageError(f"--{options.side} cannot be used with --version", hint="leave out one of the two")
    versions: dict[str, str] = {}
    for text in options.versions:
        name, separator, version = text.rpartition("==")
        if not separator:
            groups = list(merged.versions) or [group.name for group in merged.lock.groups]
            if len(groups) != 1:
                hint = f"write {groups[0]}=={version}; the groups are {', '.join(groups)}"
                raise UsageError(f"'{version}' does not say which group it is for", hint=hint)
            name = groups[0]
        if merged.lock.group(name) is None:
            names = ", ".join(group.name for group in merged.lock.groups)
            raise UsageError(f"the lock has no group '{name}'", hint=f"the groups are {names}")
        versions[name] = canonical_version(version)
    return Choice(options.side, versions)


def _refusal(merged: MergedLock) -> Iterator[str]:
    for each in merged.open:
        yield f"{LOCK_NAME}: {each.where} is {each.ours} on our side and {each.theirs} on theirs"
    yield "nothing was changed"
    yield "help: run fi-bump resolve --newest to take the newer version; --ours and --theirs choose a side"


def _stageable(root: str, resolution: Resolution, unmerged: dict[str, conflict.Stages]) -> list[str]:
    """Return the files to stage: those without a conflict now, and those that were as they are staged."""
    moved = [change.source.path for change in resolution.plan.changes]
    paths = list(dict.fromkeys([*moved, *resolution.resolved]))
    left = {each.path for each in resolution.files if each.left}
    clean = conflict.clean(root, [path for path in paths if path not in unmerged])
    return [path for path in paths if path not in left and (path in unmerged or path in clean)]


def _facts(resolution: Resolution, staged: list[str]) -> None:
    tell("groups", lambda: groups_of(resolution.plan.lock))
    tell("moves", lambda: moved_pins(resolution.plan.changes))
    tell("staged", lambda: staged)


def _report(resolution: Resolution, staged: list[str], filtered: list[str], operation: str | None) -> Iterator[str]:
    yield from (f"{each.path}: resolved" for each in resolution.files if not each.left)
    yield from (line for change in resolution.plan.changes for line in move_lines(change))
    yield from _groups(resolution)
    yield f"staged {count(len(staged), 'file')}"
    for each in resolution.files:
        reason = each.reason or "more than a version differs"
        yield from (f"{place}: this conflict stays: {reason}" for place in each.left)
    yield from map(finding_line, resolution.findings)
    yield from (f"{path}: not staged, because git would start a filter for it" for path in filtered)
    if resolution.others:
        yield f"note: conflicts without a pin: {', '.join(resolution.others)}"
    by_hand = [each.path for each in resolution.files if each.left]
    if by_hand:
        yield f"help: resolve by hand what stays in {' and '.join(by_hand)}, then run git add {' '.join(by_hand)}"
    elif filtered:
        yield f"help: run git add {' '.join(filtered)}"
    yield from help_lines(list(resolution.findings))
    is_done = not (by_hand or filtered or resolution.findings or resolution.others)
    if is_done and operation is not None:
        yield f"help: run git {operation} --continue"


def _groups(resolution: Resolution) -> Iterator[str]:
    assigned = assign(resolution.plan.lock, resolution.found.pins)
    for name, (ours, theirs) in resolution.merged.versions.items():
        group = resolution.plan.lock.group(name)
        if group is None:
            yield f"{name}: the group is gone"
            continue
        pins = [each.pin for each in assigned if each.group == group]
        sides = f"{ours or 'no group'} on our side, {theirs or 'no group'} on theirs"
        yield f"{name} {group.version} ({sides}): {pins_in_files(pins)}"
