"""Decide the lock and the pins of a conflicted merge, rebase or cherry-pick together. Nothing is written here."""

from __future__ import annotations

from typing import NamedTuple

from fi_bump.editing.plan import Plan, make_plan
from fi_bump.editing.write import FileChange
from fi_bump.errors import LockError
from fi_bump.findings.of_check import Finding, compare
from fi_bump.findings.rules import Rule
from fi_bump.git import conflict
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Lock
from fi_bump.lock.writing import dump
from fi_bump.merging.files import MergedFile, found_in, merge_file
from fi_bump.merging.locks import Choice, MergedLock, merge_locks
from fi_bump.pins import Source
from fi_bump.repository import Repository, conflict_places
from fi_bump.scanning import files, markers
from fi_bump.scanning.scan import Scan


class Resolution(NamedTuple):
    """What `resolve` writes and stages.

    `merged` is the lock of both sides, `plan` the moves in the files that are not conflicted, `found` what is in the
    tree afterwards, `files` the conflicted files with pins. `findings` are what `check` would still report as errors.
    `others` are unmerged files without a pin, or without conflict markers.
    """

    merged: MergedLock
    plan: Plan
    found: Scan
    files: tuple[MergedFile, ...]
    findings: tuple[Finding, ...]
    others: tuple[str, ...]
    changes: tuple[FileChange, ...]
    is_conflicted: bool

    @property
    def resolved(self) -> list[str]:
        """The files that have no conflict any more, with the lock last."""
        return [each.path for each in self.files if not each.left] + [LOCK_NAME]


def read_lock(root: str) -> bytes:
    """Return the lock's bytes as they are. Raises LockError without a lock."""
    source = files.read_optional(root, LOCK_NAME)
    if source is None:
        hint = "restore it: git checkout HEAD -- versions.lock.json"
        raise LockError("there is no lock here", place=LOCK_NAME, hint=hint)
    return source.data


def merged_lock(root: str, data: bytes, stages: conflict.Stages | None, choice: Choice) -> MergedLock:
    """Return the merge of the lock's two sides: those that git has, else those between the lock's conflict markers.

    A lock without a conflict is merged with itself.
    """
    if stages is not None:
        if stages.ours is None or stages.theirs is None:
            side = "your side" if stages.ours is None else "the other side"
            hint = "keep it or remove it first, with git add or git rm"
            raise LockError(f"{side} has deleted the lock", place=LOCK_NAME, hint=hint)
        texts = [None if name is None else conflict.blob(root, name) for name in stages]
    elif conflict_places(data):
        texts = [None, markers.side(data, ours=True), markers.side(data, ours=False)]
    else:
        texts = [data, data, data]
    base, ours, theirs = (_side(text, name) for text, name in zip(texts, ("ancestor", "ours", "theirs"), strict=True))
    assert ours is not None
    assert theirs is not None
    return merge_locks(base, ours, theirs, choice)


def _side(data: bytes | None, name: str) -> Lock | None:
    try:
        return None if data is None else load(data)
    except LockError as error:
        if name == "ancestor":
            return None
        error.message = f"on the side '{name}' the lock is invalid: {error.message}"
        raise


def plan_resolution(root: str, data: bytes, unmerged: dict[str, conflict.Stages], merged: MergedLock) -> Resolution:
    """Return what is written for a merged lock: every conflicted file with a pin, and every pin elsewhere."""
    repository = Repository(root, data, merged.lock)
    scan = repository.scan()
    paths = sorted({place.path for place in scan.conflicts})
    merged_files = [merge_file(repository, files.read(root, path), unmerged.get(path)) for path in paths]
    done = [each for each in merged_files if not each.left]
    left = {place for each in merged_files for place in each.left}
    for each in done:
        found = found_in(merged.lock, Source(each.path, each.new))
        scan = scan._replace(
            pins=tuple(sorted([*scan.pins, *found.pins], key=lambda pin: (pin.source.path, pin.span))),
            unpinned=(*scan.unpinned, *found.unpinned),
            floors=(*scan.floors, *found.floors),
        )
    scan = scan._replace(conflicts=tuple(sorted(left)))
    plan = repository.verified(make_plan(merged.lock, scan))
    changes = {each.path: FileChange(each.path, each.old, each.new) for each in merged_files if each.new != each.old}
    for change in plan.changes:
        path = change.source.path
        old = changes[path].old if path in changes else change.source.data
        changes[path] = FileChange(path, old, change.new)
    new_lock = dump(plan.lock)
    load(new_lock)
    if new_lock != data:
        changes[LOCK_NAME] = FileChange(LOCK_NAME, data, new_lock)
    others = tuple(sorted(path for path in unmerged if path not in paths and path != LOCK_NAME))
    return Resolution(
        merged=merged,
        plan=plan,
        found=scan,
        files=tuple(merged_files),
        findings=tuple(_left(plan, scan)),
        others=others,
        changes=tuple(changes.values()),
        is_conflicted=bool(paths) or LOCK_NAME in unmerged or bool(conflict_places(data)),
    )


def _left(plan: Plan, scan: Scan) -> list[Finding]:
    """Return the errors that `check` reports after the plan: what it could not move, and sites that are gone."""
    moved = {move.pin for change in plan.changes for move in change.moves}
    spans = {(pin.source.path, pin.place.line, pin.place.column) for pin in moved}
    return [
        finding
        for finding in compare(plan.lock, scan)
        if finding.fails
        and finding.rule is not Rule.MERGE_CONFLICT
        and (finding.place.path, finding.place.line, finding.place.column) not in spans
    ]
