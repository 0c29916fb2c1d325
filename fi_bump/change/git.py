"""The one door to git: an earlier state of a file, and one commit of some files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from fi_bump.errors import FiBumpError, UsageError

_UNFINISHED = {"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert"}


def _git(root: str, *arguments: str, message: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    # Paths are paths: a `*` or `:(top)` in one means nothing to git.
    command = ["git", "-C", root, "--literal-pathspecs", *arguments]
    try:
        return subprocess.run(command, input=message, capture_output=True, check=False)
    except FileNotFoundError:
        raise FiBumpError("git is not on PATH") from None


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git, and the hooks that it ran, said."""
    text = "\n".join(each.decode("utf-8", "surrogateescape").strip() for each in (done.stdout, done.stderr))
    return text.strip() or f"git ended with {done.returncode} and said nothing"


def refuse_commit(root: str) -> None:
    """Raise FiBumpError where no commit of some files can be made: no work tree, no first commit, a merge, no name."""
    inside = _git(root, "rev-parse", "--is-inside-work-tree")
    if inside.stdout.strip() != b"true":
        words = f": {_words(inside)}" if inside.returncode else ""
        raise FiBumpError(f"there is no git work tree to commit in{words}", place=root)
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode:
        raise FiBumpError("there is no commit yet", place=root, hint="make the first one, then run it again")
    for name, what in _UNFINISHED.items():
        path = _git(root, "rev-parse", "--git-path", name).stdout.rstrip(b"\n")
        if os.path.exists(os.path.join(os.fsencode(root), path)):
            raise FiBumpError(f"{what} is in progress", place=root, hint="finish it first, or leave --commit out")
    if _git(root, "diff", "--name-only", "--diff-filter=U").stdout:
        raise FiBumpError("there are unmerged files", place=root, hint="resolve them first, or leave --commit out")
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        known = _git(root, "var", name)
        if known.returncode:
            raise FiBumpError(f"git does not know who commits: {_words(known)}", place=root)


def refuse_paths(root: str, paths: Sequence[str]) -> None:
    """Raise FiBumpError for a file that git does not track, or that holds more than what is committed."""
    tracked = set(map(os.fsdecode, _git(root, "ls-files", "-z", "--", *paths).stdout.split(b"\0")))
    for path in paths:
        if path not in tracked:
            hint = "git add it first, or leave --commit out"
            raise FiBumpError("git does not track it, so it cannot be committed alone", place=path, hint=hint)
    changed = _git(root, "status", "--porcelain", "-z", "--untracked-files=no", "--", *paths)
    if changed.returncode:
        raise FiBumpError(f"git cannot tell what is changed: {_words(changed)}", place=root)
    if changed.stdout:
        # Relative to the top of the work tree, whatever the root is.
        path = os.fsdecode(changed.stdout.split(b"\0", 1)[0][3:])
        hint = "commit or stash that first, or leave --commit out"
        raise FiBumpError("has changes that are not committed, which would go along", place=path, hint=hint)


def commit(root: str, paths: Sequence[str], message: str) -> str:
    """Commit these files alone, whatever else is staged, and return the commit's short name.

    Hooks run and a signature is made as the user configured it. Raises FiBumpError with git's words when there is no
    commit: the files are as they were written.
    """
    # The message is meant as it stands, also where the configuration says that `#` begins a comment.
    options = ["--quiet", "--only", "--cleanup=whitespace", "--file=-"]
    done = _git(root, "commit", *options, "--", *paths, message=message.encode("utf-8", "surrogateescape"))
    if done.returncode:
        hint = "the files are changed; mend it and commit them, or take them back with git checkout"
        raise FiBumpError(f"git made no commit:\n{_words(done)}", hint=hint)
    return _git(root, "rev-parse", "--short", "HEAD").stdout.decode("ascii", "replace").strip()


def revision(root: str, name: str) -> str:
    """The commit that a name means. Raises UsageError for no revision, and FiBumpError where there is no git."""
    if name.startswith("-"):
        raise UsageError(f"'{name}' is no git revision")
    known = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if known.returncode == 0:
        return known.stdout.decode("ascii").strip()
    if _git(root, "rev-parse", "--git-dir").returncode:
        hint = "name an earlier lock with --from-lock"
        raise FiBumpError("there is no git repository here to take the earlier lock from", place=root, hint=hint)
    raise UsageError(f"'{name}' is no git revision here", hint="name one with --base, or a lock with --from-lock")


def at(root: str, commit_: str, path: str) -> bytes | None:
    """A file's bytes in a commit, `path` below `root`; None where there is no such file."""
    done = _git(root, "cat-file", "blob", f"{commit_}:./{path}")
    return done.stdout if done.returncode == 0 else None
