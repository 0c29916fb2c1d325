"""`fi-bump set`: move groups to a version, every site or none."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple

from fi_bump import files, write
from fi_bump.check import diff, recover
from fi_bump.edge import say, write_bytes
from fi_bump.errors import Exit, FiBumpError, UsageError
from fi_bump.lock import Lock
from fi_bump.plan import Finding, Plan, Rule, compare, make_plan
from fi_bump.report.text import count, finding_line, help_lines, move_lines
from fi_bump.repository import Repository, open_repository
from fi_bump.scan import Scan, mentions
from fi_bump.versions import canonical_version


class Options(NamedTuple):
    """What `set` was asked for: `[GROUP==]VERSION` texts, and whether to write."""

    root: str
    targets: tuple[str, ...]
    dry_run: bool = False


def run(options: Options) -> int:
    """Move the groups and return the exit code: 0 done or already there, 1 when the tree forbids it (nothing changed)."""
    repository = open_repository(options.root)
    versions = parse_targets(repository.lock, options.targets)
    if options.dry_run:
        plan, findings, _ = _plan(repository, versions)
        if findings:
            return _refuse(findings)
        write_bytes(diff(repository, plan))
        return int(Exit.OK)
    with write.exclusive(repository.root):
        recover(repository.root)
        repository = open_repository(options.root)
        plan, findings, scan = _plan(repository, versions)
        if findings:
            return _refuse(findings)
        repository.apply(plan)
    _report(repository, plan, versions, scan)
    return int(Exit.OK)


def parse_targets(lock: Lock, targets: tuple[str, ...]) -> dict[str, str]:
    """Group name to canonical version. Raises UsageError for an unknown or repeated group or a bad version."""
    versions: dict[str, str] = {}
    for target in targets:
        name, separator, version = target.partition("==")
        if not separator:
            name, version = _only_group(lock, target), target
        if lock.group(name) is None:
            raise _unknown_group(lock, name, version)
        if name in versions:
            raise UsageError(f"the group '{name}' is named twice")
        versions[name] = canonical_version(version)
    return versions


def _only_group(lock: Lock, version: str) -> str:
    if len(lock.groups) > 1:
        names = ", ".join(group.name for group in lock.groups)
        hint = f"write {lock.groups[0].name}=={version}; the groups are {names}"
        raise UsageError(f"the lock has {len(lock.groups)} groups, and '{version}' does not say which", hint=hint)
    return lock.groups[0].name


def _unknown_group(lock: Lock, name: str, version: str) -> UsageError:
    owners = [group.name for group in lock.groups if name in group.subjects]
    names = [group.name for group in lock.groups]
    if owners:
        hint = f"'{name}' moves with its group: write {owners[0]}=={version}"
    elif close := get_close_matches(name, names):
        hint = f"did you mean {' or '.join(close)}?"
    else:
        hint = f"the groups are {', '.join(names)}"
    return UsageError(f"the lock has no group '{name}'", hint=hint)


def _plan(repository: Repository, versions: dict[str, str]) -> tuple[Plan, list[Finding], Scan]:
    """The verified plan, and the findings that forbid it: places of a moving group that would be left behind."""
    scan = repository.scan()
    plan = make_plan(repository.lock, scan, versions)
    moving = [group for group in plan.lock.groups if group.name in versions]
    subjects = {subject for group in moving for subject in group.subjects}
    blocking = []
    for finding in compare(plan.lock, scan):
        left_behind = finding.rule in (Rule.MISSING_SITE, Rule.FLOOR_VIOLATED) and finding.group in versions
        held = finding.rule is Rule.DRIFT and not finding.fixable and finding.package in subjects
        unowned = finding.rule is Rule.UNASSIGNED and finding.anchor is not None and _known(scan, finding, subjects)
        if left_behind or held or unowned:
            blocking.append(finding)
    if not blocking and not any(group.name in versions for group in moving if _has_pin(plan, scan, group.name)):
        names = ", ".join(versions)
        hint = "run fi-bump init --force to look for pins again"
        raise FiBumpError(f"found no pin of {names}, so there is nothing to move", hint=hint)
    return (plan if blocking else repository.verified(plan)), blocking, scan


def _known(scan: Scan, finding: Finding, subjects: set[str]) -> bool:
    return any(
        pin.subject in subjects and pin.source.path == finding.path and pin.anchor == finding.anchor
        for pin in scan.pins
    )


def _has_pin(plan: Plan, scan: Scan, name: str) -> bool:
    group = plan.lock.group(name)
    return group is not None and any(pin.subject in group.subjects for pin in scan.pins)


def _refuse(findings: list[Finding]) -> int:
    say([finding_line(finding) for finding in findings] + ["nothing was changed"] + help_lines(findings))
    return int(Exit.FINDINGS)


def _report(repository: Repository, plan: Plan, versions: dict[str, str], scan: Scan) -> None:
    say(line for change in plan.changes for line in move_lines(change))
    exclude = files.excluder(repository.lock.exclude)
    for name, version in versions.items():
        group = repository.lock.group(name)
        if group is None:
            continue
        moved = [pin for change in plan.changes for pin in change.pins if pin.subject in group.subjects]
        if not moved and group.version == version:
            say([f"{name} is already at {version}"])
            continue
        paths = {pin.source.path for pin in moved}
        summary = f"{count(len(moved), 'pin')} in {count(len(paths), 'file')}"
        say([f"{name} {group.version} -> {version}: {summary}"])
        if group.version != version:
            pinned = {f"{pin.source.path}:{pin.source.position(pin.span.start)[0]}" for pin in scan.pins}
            found = mentions(repository.root, group, exclude, group.version, pinned)
            if found:
                say([f"{count(len(found), 'place')} still name {group.version}; look at:"])
                say(f"  {line}" for line in found)
