"""fi-bump as a library: what docs/reference.md describes under "Python". Nothing here prints, or asks a package index.

    from fi_bump import api

    repository = api.open_repository(".")
    plan = api.plan_move(repository, {"flashinfer": "0.7.0"})
    print(api.diff(repository, plan).decode())
    api.apply(repository, plan)

These functions, the records that they return and the attributes in the reference are public; all other names of the
package are private and may change in any release. Every function raises FiBumpError for a failure that it can explain:
`message` says what is wrong, `place` where, and `hint` what to do. A Repository is a folder and its lock as they were
when it was opened; its files are read again by each call. Open it again after `apply`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from fi_bump import moving, state
from fi_bump.editing import write
from fi_bump.editing.plan import Move, Plan, make_plan
from fi_bump.errors import Exit, FiBumpError, FileError
from fi_bump.findings.of_check import Finding, compare, finding_line, interrupted
from fi_bump.lock.records import LOCK_NAME
from fi_bump.ownership import Assigned, assign
from fi_bump.repository import Repository
from fi_bump.repository import open_repository as _open
from fi_bump.request import Request, named_group
from fi_bump.versions import canonical_version

__all__ = ["Assigned", "FiBumpError", "Finding", "Move", "MoveRefusedError", "Plan", "Repository", "apply", "diff"]
__all__ += ["findings", "moves", "open_repository", "pins", "plan_fix", "plan_move", "versions"]


class MoveRefusedError(FiBumpError):
    """The move would leave other versions behind; `findings` says where. Nothing was changed."""

    exit = Exit.FINDINGS

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"the move would be incomplete: {finding_line(findings[0])}", hint=findings[0].remedy)
        self.findings = findings


def open_repository(folder: str | os.PathLike[str] = ".") -> Repository:
    """Open the repository at a folder, which must have a valid versions.lock.json."""
    return _open(os.path.abspath(folder))


def versions(repository: Repository) -> dict[str, str]:
    """Return the version of each group of the lock."""
    return {group.name: group.version for group in repository.lock.groups}


def pins(repository: Repository) -> list[Assigned]:
    """Return every pin by path and place, with the group that owns it: None if several groups could."""
    return assign(repository.lock, repository.scan(quiet=True).pins)


def findings(repository: Repository) -> list[Finding]:
    """Return what `fi-bump check` reports, by path and place; an empty list if every pin agrees with the lock."""
    left = [interrupted(state.pending_paths(repository.root))] if state.pending(repository.root) else []
    return left + compare(repository.lock, repository.scan(quiet=True))


def plan_move(repository: Repository, targets: Mapping[str, str]) -> Plan:
    """Plan what `fi-bump set --offline` writes: groups, by name, to versions. Raises MoveRefusedError."""
    lock = repository.lock
    request = Request(lock, {named_group(lock, name).name: canonical_version(targets[name]) for name in targets})
    plan, forbidding = moving.plan_move(repository, request, repository.scan(quiet=True), None)
    if forbidding:
        raise MoveRefusedError(tuple(forbidding))
    return plan


def plan_fix(repository: Repository) -> Plan:
    """Plan what `fi-bump check --fix` writes: every pin that can move, to the version of its group in the lock."""
    return repository.verified(make_plan(repository.lock, repository.scan(quiet=True)))


def moves(plan: Plan) -> list[Move]:
    """Return each pin that the plan moves, with its new version, by path and place."""
    return [move for change in plan.changes for move in change.moves]


def diff(repository: Repository, plan: Plan) -> bytes:
    """Return the plan as one patch for `git apply`, with versions.lock.json last; empty if nothing changes."""
    return repository.diff(plan)


def apply(repository: Repository, plan: Plan) -> None:
    """Write the plan: all files or none. Raises FileError if one of them, or the lock, changed since it was read."""
    with write.exclusive(repository.root):
        if _open(repository.root).lock_data != repository.lock_data:
            raise FileError("changed since it was read", place=LOCK_NAME, hint="open the repository again")
        repository.apply(plan, "api.apply")
