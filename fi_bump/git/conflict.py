"""The conflicts of a merge, rebase or cherry-pick: what each side has, merging again, and staging what is resolved."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from fi_bump.errors import FiBumpError
from fi_bump.git import door

# The file that git keeps while an operation is unfinished, in the order in which to look; a rebase keeps others too.
_OPERATIONS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
)
# `git merge-file` exits with the number of conflicts, at most this, and with more after an error.
_MOST_CONFLICTS = 127


class Stages(NamedTuple):
    """The object names of an unmerged file: of the common ancestor, of our side, of theirs. None where it is not."""

    base: str | None
    ours: str | None
    theirs: str | None


def operation(root: str) -> str | None:
    """Return the unfinished operation: `merge`, `rebase`, `cherry-pick`, `revert`, or None."""
    for name, what in _OPERATIONS:
        path = door.run(root, "rev-parse", "--git-path", name).stdout.rstrip(b"\n")
        if path and os.path.exists(os.path.join(os.fsencode(root), path)):
            return what
    return None


def unmerged(root: str) -> dict[str, Stages]:
    """Return the unmerged files below `root`, by path relative to it. Raises FiBumpError outside a git work tree."""
    done = door.run(root, "ls-files", "--unmerged", "-z")
    if done.returncode:
        hint = "run it in a git work tree"
        raise FiBumpError(f"git cannot list the conflicts: {door.words(done)}", place=root, hint=hint)
    found: dict[str, list[str | None]] = {}
    for entry in done.stdout.split(b"\0")[:-1]:
        attributes, _, path = entry.partition(b"\t")
        _, name, stage = attributes.decode("ascii").split(" ")
        found.setdefault(os.fsdecode(path), [None, None, None])[int(stage) - 1] = name
    return {path: Stages(*stages) for path, stages in found.items()}


def blob(root: str, name: str) -> bytes:
    """Return an object's bytes. Raises FiBumpError if git does not have it."""
    done = door.run(root, "cat-file", "blob", name)
    if done.returncode:
        raise FiBumpError(f"git cannot read an object of the conflict: {door.words(done)}", place=root)
    return done.stdout


def merge(root: str, ours: bytes, base: bytes, theirs: bytes, labels: Sequence[str], *, show_base: bool) -> bytes:
    """Return a three-way merge of three texts, with conflict markers where both sides changed the same lines.

    `labels` are those of our side, of the base and of theirs. Raises FiBumpError for what git does not merge as text.
    """
    with tempfile.TemporaryDirectory(prefix="fi-bump-") as folder:
        paths = []
        for name, data in (("ours", ours), ("base", base), ("theirs", theirs)):
            path = os.path.join(folder, name)
            with open(path, "wb") as stream:
                stream.write(data)
            paths.append(path)
        style = ("--diff3",) if show_base else ()
        named = [word for label in labels for word in ("-L", label)]
        done = door.run(root, "merge-file", "-p", *style, *named, *paths, settings={"merge.conflictStyle": "merge"})
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        raise FiBumpError(f"git cannot merge this file: {door.words(done)}")
    return done.stdout


def unstageable(root: str, paths: Sequence[str]) -> set[str]:
    """Return those of the paths that git would hand to a filter of its configuration, which fi-bump never starts."""
    done = door.run(root, "check-attr", "-z", "filter", "--", *paths)
    words = done.stdout.split(b"\0")[:-1]
    values = zip(words[::3], words[2::3], strict=True)
    return {os.fsdecode(path) for path, value in values if value not in (b"unspecified", b"unset")}


def clean(root: str, paths: Sequence[str]) -> set[str]:
    """Return those of the paths that git tracks, that are merged, and whose files are as they are staged."""
    if not paths:
        return set()
    listed = door.run(root, "ls-files", "-z", "--", *paths).stdout
    options = ("--name-only", "--relative", "-z", "--no-ext-diff", "--no-textconv")
    changed = door.run(root, "diff-files", *options, "--", *paths, settings=door.without_filters(root)).stdout
    tracked, differs = (set(map(os.fsdecode, text.split(b"\0"))) for text in (listed, changed))
    return {path for path in paths if path in tracked and path not in differs}


def stage(root: str, paths: Sequence[str]) -> None:
    """Stage these files as they are now. Raises FiBumpError with git's words if it cannot."""
    done = door.run(root, "add", "--", *paths)
    if done.returncode:
        hint = "the files are resolved: stage them with git add"
        raise FiBumpError(f"git cannot stage the files: {door.words(done)}", place=root, hint=hint)
