"""Plan the move of groups to other versions: what `set` and the Python API write, and what makes them refuse it."""

from __future__ import annotations

from collections.abc import Mapping

from fi_bump.editing.plan import Plan, make_plan
from fi_bump.errors import FiBumpError
from fi_bump.findings.of_check import Finding, compare, finding_order, missing_rows, newly_excluded
from fi_bump.findings.rules import Rule
from fi_bump.lock.records import Group, Lock
from fi_bump.ownership import assign
from fi_bump.records import TYPE_CHECKING
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan

if TYPE_CHECKING:
    from fi_bump.request import Request

# The new checksums of pins that have one beside them: by the site of the pin and the old text.
Checksums = Mapping[tuple[str, str], str]
# For each package, the release files of its new version: their names and SHA-256 digests.
Files = Mapping[str, tuple[tuple[str, str], ...]]


def plan_move(
    repository: Repository,
    request: Request,
    scan: Scan,
    files: Files | None,
    checksums: Checksums | None = None,
    early: Plan | None = None,
) -> tuple[Plan, list[Finding]]:
    """Return the plan, and the findings that forbid it: places of a moving group that the move would leave behind.

    `files` is None if no index was asked. With `checksums` a version moves together with its checksum. Without findings
    the plan is verified, unless it has the edits of the `early` one, which was.
    Raises FiBumpError when a group that is to move has no pin.
    """
    versions = request.versions
    plan = make_plan(_with_files(request, files), scan, versions, checksums)
    subjects = {subject for name in versions for subject in _group(plan.lock, name).subjects}
    findings = [finding for finding in compare(plan.lock, scan, planned=True) if _forbids(finding, versions, subjects)]
    moved = {move.pin.site for change in plan.changes for move in change.moves}
    findings = [
        each for each in findings if each.rule is not Rule.DRIFT or each.anchor is None or each.site not in moved
    ]
    if any(finding.rule is Rule.UNASSIGNED for finding in findings):
        # The present versions, not the planned ones, tell which group an unassigned pin probably belongs to.
        findings = [finding for finding in findings if finding.rule is not Rule.UNASSIGNED]
        findings += [
            each for each in compare(request.lock, scan) if each.rule is Rule.UNASSIGNED and each.subject in subjects
        ]
    findings += _wrong_tags(plan)
    findings += [each for group in request.groups for each in _left_tags(group, _group(plan.lock, group.name), scan)]
    for group in request.groups:
        after = _group(plan.lock, group.name)
        findings += missing_rows(group, after, scan)
        findings += [each for each in newly_excluded(group, after, scan) if each not in findings]
    if findings:
        return plan, sorted(findings, key=finding_order)
    for name in versions:
        group = _group(plan.lock, name)
        # An entry of a lock file follows the lock, though another tool writes it.
        subjects_here = {pin.subject for pin in scan.pins}
        subjects_here |= {place.subject for place in scan.unpinned if place.version is not None}
        if subjects_here.isdisjoint(group.subjects):
            hint = "record a place with fi-bump site add, or run fi-bump init --force to look for pins again"
            raise FiBumpError(f"found no pin of {name}, so there is nothing to move", hint=hint)
    return plan if _is_verified(plan, early) else repository.verified(plan), []


def early_plan(repository: Repository, request: Request, scan: Scan) -> Plan | None:
    """Return the verified plan of a move whose release files are not known yet, or None where anything forbids it.

    `plan_move` says what forbids it. To verify a plan takes most of its time, and needs no answer of an index.
    """
    try:
        plan, findings = plan_move(repository, request, scan, None)
    except FiBumpError:
        return None
    return None if findings else plan


def _is_verified(plan: Plan, early: Plan | None) -> bool:
    """Whether a plan that was verified has the same edits, and none of them depends on the files of a release."""
    return (
        early is not None
        and plan.changes == early.changes
        and _without_files(plan.lock) == _without_files(early.lock)
        and not any(move.pin.hashes for change in plan.changes for move in change.moves)
    )


def _without_files(lock: Lock) -> Lock:
    for group in lock.groups:
        members = tuple(member._replace(files=()) for member in group.packages)
        lock = lock.replace_group(group._replace(packages=members))
    return lock


def _wrong_tags(plan: Plan) -> list[Finding]:
    """Return a finding for each version that moves and would be used as a tag that its repository does not have."""
    moves = [move for change in plan.changes for move in change.moves]
    if not any(group.repositories for group in plan.lock.groups) or not moves:
        return []
    # Imported here because most moves need no rule for tags.
    from fi_bump.releases.tags import rules_of, tag_of, use_by_name, use_of
    from fi_bump.versions import canonical_version

    found = []
    for pin, group, _ in assign(plan.lock, tuple([move.pin for move in moves])):
        use = (use_of(pin, group) or use_by_name(pin, group)) if group is not None else None
        if group is None or use is None:
            continue
        rules = rules_of(group)
        tag = tag_of(rules, group.version)
        # A rule of the lock counts everywhere. A family's does not where the present tag is another one than it says.
        follows = bool(group.tags) or tag_of(rules, canonical_version(pin.version)) == use.before + pin.version
        if tag is None or tag == use.before + group.version or not follows:
            continue
        message = f"{pin.subject} would become the tag {use.before}{group.version}; {use.repository} has {tag}"
        finding = Finding(Rule.MISSING_TAG, pin.place, message, anchor=pin.anchor, subject=pin.subject)
        found.append(finding._replace(group=group.name, found=pin.version, expected=group.version))
    return found


def _left_tags(before: Group, after: Group, scan: Scan) -> list[Finding]:
    """Return a finding for each place at the old version's tag that is no version itself, for example a nightly's."""
    places = [each for each in scan.unpinned if each.subject in before.repositories and each.mark is None]
    if not places or before.version == after.version:
        return []
    from fi_bump.releases.tags import rules_of, tag_of

    old, new = (tag_of(rules_of(group), group.version) for group in (before, after))
    if old is None or new is None or old == new:
        return []
    found = []
    for place in places:
        if place.source.text(place.span).strip("\"' ") == old:
            message = f"{place.subject} is at the tag {old}, the move goes to {after.version}, whose tag is {new}"
            finding = Finding(Rule.DRIFT, place.place, message, subject=place.subject)
            found.append(
                finding._replace(group=after.name, expected=after.version, own_remedy=f"change it by hand to {new}")
            )
    return found


def _with_files(request: Request, files: Files | None) -> Lock:
    """Return the request's lock with the release files of its new versions.

    A group that moves without an index loses its recorded files, because they belong to the old release.
    """
    lock = request.lock
    for group in request.groups:
        if files is None and group.version == request.versions[group.name]:
            continue
        members = tuple(member._replace(files=(files or {}).get(member.name, ())) for member in group.packages)
        lock = lock.replace_group(group._replace(packages=members))
    return lock


def _group(lock: Lock, name: str) -> Group:
    group = lock.group(name)
    assert group is not None  # the request names groups of its lock
    return group


def _forbids(finding: Finding, versions: Mapping[str, str], subjects: set[str]) -> bool:
    """Return whether a finding that remains after the planned move shows that the move would be incomplete."""
    match finding.rule:
        case Rule.MISSING_SITE | Rule.FLOOR_VIOLATED:
            return finding.group in versions
        case Rule.DRIFT:
            return not finding.fixable and (finding.group in versions if finding.group else finding.subject in subjects)
        case Rule.UNASSIGNED:
            return finding.subject in subjects
        case Rule.MERGE_CONFLICT:
            return True
    return False
