"""Read an earlier state of a file, and commit some files."""

from __future__ import annotations

import os
from collections.abc import Sequence

from fi_bump.errors import FiBumpError, UsageError
from fi_bump.git import door

_UNFINISHED = {"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert"}


def refuse_commit(root: str) -> None:
    """Raise FiBumpError if git cannot commit: no work tree, no first commit, an unfinished merge, no committer."""
    inside = door.run(root, "rev-parse", "--is-inside-work-tree")
    if inside.stdout.strip() != b"true":
        words = f": {door.words(inside)}" if inside.returncode else ""
        hint = "leave out --commit, or run it in a git work tree"
        raise FiBumpError(
            f"this folder is not a git work tree, so nothing can be committed{words}", place=root, hint=hint
        )
    if door.run(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode:
        hint = "make a first commit, then run it again"
        raise FiBumpError("this git repository has no commit yet", place=root, hint=hint)
    for name, what in _UNFINISHED.items():
        path = door.run(root, "rev-parse", "--git-path", name).stdout.rstrip(b"\n")
        if os.path.exists(os.path.join(os.fsencode(root), path)):
            raise FiBumpError(f"{what} is in progress", place=root, hint="finish it first, or leave out --commit")
    if door.run(root, "diff", "--name-only", "--diff-filter=U").stdout:
        raise FiBumpError("there are unmerged files", place=root, hint="resolve them first, or leave out --commit")
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        known = door.run(root, "var", name)
        if known.returncode:
            raise FiBumpError(f"git does not know who commits: {door.words(known)}", place=root)


def refuse_paths(root: str, paths: Sequence[str]) -> None:
    """Raise FiBumpError for a file that git does not track, or that has other uncommitted changes."""
    tracked = set(map(os.fsdecode, door.run(root, "ls-files", "-z", "--", *paths).stdout.split(b"\0")))
    for path in paths:
        if path not in tracked:
            hint = "add it with git add first, or leave out --commit"
            raise FiBumpError("git does not track this file, so --commit cannot commit it", place=path, hint=hint)
    changed = door.run(root, "status", "--porcelain", "-z", "--untracked-files=no", "--", *paths)
    if changed.returncode:
        raise FiBumpError(f"git cannot list the changes: {door.words(changed)}", place=root)
    if changed.stdout:
        # git names the path relative to the top of the work tree, not to the root.
        path = os.fsdecode(changed.stdout.split(b"\0", 1)[0][3:])
        hint = "commit or stash them first, or leave out --commit"
        raise FiBumpError("this file has uncommitted changes, which --commit would include", place=path, hint=hint)


def commit(root: str, paths: Sequence[str], message: str) -> str:
    """Commit only these files, whatever else is staged, and return the commit's short hash.

    Hooks and signing follow the user's configuration. Raises FiBumpError with git's output when the commit fails; the
    files then stay changed.
    """
    # --cleanup=whitespace: git must not remove lines of the message that begin with `#`.
    options = ["--quiet", "--only", "--cleanup=whitespace", "--file=-"]
    done = door.run(
        root, "commit", *options, "--", *paths, given=message.encode("utf-8", "surrogateescape"), hooks=True
    )
    if done.returncode:
        hint = "the files are changed: fix what git reports and commit them, or undo the change with git checkout"
        raise FiBumpError(f"git made no commit:\n{door.words(done)}", hint=hint)
    return door.run(root, "rev-parse", "--short", "HEAD").stdout.decode("ascii", "replace").strip()


def revision(root: str, name: str) -> str:
    """Return the commit of a revision. Raises UsageError for an unknown one, FiBumpError outside a git repository."""
    if name.startswith("-"):
        raise UsageError(f"'{name}' is not a git revision", hint="name a commit, a branch or a tag with --base")
    known = door.run(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if known.returncode == 0:
        return known.stdout.decode("ascii").strip()
    if door.run(root, "rev-parse", "--git-dir").returncode:
        hint = "name an earlier lock with --from-lock FILE"
        raise FiBumpError("this is not a git repository, so there is no earlier lock", place=root, hint=hint)
    hint = "name a commit, a branch or a tag with --base, or an earlier lock with --from-lock"
    raise UsageError(f"'{name}' is not a revision of this git repository", hint=hint)


def at(root: str, commit_: str, path: str) -> bytes | None:
    """Return a file's bytes in a commit; `path` is relative to `root`. Returns None if the commit lacks the file."""
    done = door.run(root, "cat-file", "blob", f"{commit_}:./{path}")
    return done.stdout if done.returncode == 0 else None
