"""`fi-bump merge-driver`: merge versions.lock.json when git calls it for a file that both branches changed."""

from __future__ import annotations

import os

from fi_bump import user_files
from fi_bump.errors import Exit, LockError
from fi_bump.git import conflict
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Lock
from fi_bump.lock.writing import dump
from fi_bump.merging.locks import Choice, merge_locks
from fi_bump.terminal.output import say


def run(root: str, base: str, ours: str, theirs: str, *, newest: bool) -> int:
    """Write the merge over the file `ours`, and return 0; 1 if both sides changed the same value, with markers there.

    git counts every other code up to 127 as a conflict too, and keeps the file as this command leaves it.
    """
    texts = [user_files.read(os.path.join(root, path)) for path in (base, ours, theirs)]
    old, our, their = (_lock(text) for text in texts)
    if our is None or their is None:
        side = "ours" if our is None else "theirs"
        raise LockError(f"on the side '{side}' the lock is invalid", place=LOCK_NAME, hint="merge it by hand")
    merged = merge_locks(old, our, their, Choice("newest" if newest else None))
    if not merged.open:
        user_files.put(os.path.join(root, ours), dump(merged.lock))
        return int(Exit.OK)
    # The two merges differ only in what nobody has decided, so only that is between markers.
    sides = [dump(merge_locks(old, our, their, Choice(side)).lock) for side in ("ours", "theirs")]
    text = conflict.merge(root, sides[0], b"", sides[1], ("ours", "base", "theirs"), show_base=False)
    user_files.put(os.path.join(root, ours), text)
    what = ", ".join(each.where for each in merged.open)
    say([f"{LOCK_NAME}: both sides changed {what}; run fi-bump resolve"])
    return int(Exit.FINDINGS)


def _lock(data: bytes) -> Lock | None:
    """Return a lock, or None for one that is empty or invalid."""
    try:
        return load(data)
    except LockError:
        return None
