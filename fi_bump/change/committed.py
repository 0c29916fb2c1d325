"""What a commit has of a plan: the files in which a hook left other pins, or another lock, than `set` wrote."""

from __future__ import annotations

from collections.abc import Callable

from fi_bump.editing.plan import Plan, reads_as_planned
from fi_bump.errors import LockError
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Lock
from fi_bump.repository import finder_of


def differing(plan: Plan, lock_data: bytes, committed: Callable[[str], bytes | None]) -> list[str]:
    """Return the files of a plan whose pins in a commit are not those that the plan wrote, with the lock last.

    `lock_data` is the lock as it was written, and `committed` returns the bytes of a file in the commit, or None. Other
    bytes with the same pins are fine: a hook may format a file, and git may store other line ends.
    """
    find = finder_of(plan.lock)
    texts = [(change, committed(change.source.path)) for change in plan.changes]
    found = [
        change.source.path
        for change, data in texts
        if data != change.new and (data is None or not reads_as_planned(change, data, find))
    ]
    return found if _lock(committed(LOCK_NAME)) == _lock(lock_data) else [*found, LOCK_NAME]


def _lock(data: bytes | None) -> Lock | None:
    try:
        return None if data is None else load(data)
    except LockError:
        return None
