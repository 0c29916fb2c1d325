"""`fi-bump set`: move groups to a version, every site or none."""

from __future__ import annotations

from difflib import get_close_matches

from fi_bump import mentions, write
from fi_bump.check import diff, recover
from fi_bump.edge import say, write_bytes
from fi_bump.errors import Exit, FiBumpError, UsageError
from fi_bump.findings import Finding, Rule, compare
from fi_bump.lock import Group, Lock
from fi_bump.ownership import assign
from fi_bump.pins import Pin
from fi_bump.plan import Plan, make_plan
from fi_bump.records import NamedTuple
from fi_bump.report.text import count, finding_line, help_lines, mention_line, move_lines, pins_in_files
from fi_bump.repository import Repository, open_repository
from fi_bump.scan import Scan
from fi_bump.versions import canonical_version


class Options(NamedTuple):
    """What `set` was asked for: `[GROUP==]VERSION` texts, and whether to write."""

    root: str
    targets: tuple[str, ...]
    dry_run: bool = False


def run(options: Options) -> int:
    """Move the groups and return the exit code: 0 done or already there, 1 when the tree forbids it."""
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
    """The verified plan, or the findings that forbid it: places of a moving group that would be left behind."""
    scan = repository.scan()
    plan = make_plan(repository.lock, scan, versions)
    subjects = {subject for name in versions for subject in _group(plan.lock, name).subjects}
    findings = [finding for finding in compare(plan.lock, scan) if _forbids(finding, versions, subjects)]
    if findings:
        return plan, findings, scan
    for name in versions:
        if not any(pin.subject in _group(plan.lock, name).subjects for pin in scan.pins):
            hint = "run fi-bump init --force to look for pins again"
            raise FiBumpError(f"found no pin of {name}, so there is nothing to move", hint=hint)
    return repository.verified(plan), [], scan


def _group(lock: Lock, name: str) -> Group:
    group = lock.group(name)
    assert group is not None  # parse_targets has looked it up
    return group


def _forbids(finding: Finding, versions: dict[str, str], subjects: set[str]) -> bool:
    """Whether a finding that stands after the planned move would make it a move of some places only."""
    match finding.rule:
        case Rule.MISSING_SITE | Rule.FLOOR_VIOLATED:
            return finding.group in versions
        case Rule.DRIFT:
            return not finding.fixable and finding.subject in subjects
        case Rule.UNASSIGNED:
            return finding.subject in subjects
    return False


def _refuse(findings: list[Finding]) -> int:
    say([finding_line(finding) for finding in findings] + ["nothing was changed"] + help_lines(findings))
    return int(Exit.FINDINGS)


def _report(repository: Repository, plan: Plan, versions: dict[str, str], scan: Scan) -> None:
    say(line for change in plan.changes for line in move_lines(change))
    changed = {move.pin for change in plan.changes for move in change.moves}
    assigned = assign(plan.lock, scan.pins)
    for name, version in versions.items():
        group = _group(repository.lock, name)
        moved = [pin for pin, owner, _ in assigned if owner and owner.name == name and pin in changed]
        if group.version == version and not moved:
            say([f"{name} is already at {version}"])
            continue
        say([f"{name} {group.version} -> {version}: {pins_in_files(moved)}"])
        compiled = {pin.source.path: pin.command for pin in moved if pin.command}
        say([f"note: {path} is compiled; regenerate it with: {command}" for path, command in compiled.items()])
        if group.version != version:
            _report_mentions(repository, group, [pin for pin in scan.pins if pin not in moved])


def _report_mentions(repository: Repository, group: Group, unmoved: list[Pin]) -> None:
    """Say where the old version still stands beside a name of the group: for a person to look at, no error."""
    found = mentions.of_version(repository.root, repository.lock, group, group.version, unmoved)
    if found:
        verb = "names" if len(found) == 1 else "name"
        say([f"{count(len(found), 'place')} still {verb} {group.version}; look at:"])
        say([f"  {mention_line(mention)}" for mention in found])
