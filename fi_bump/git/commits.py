"""Read an earlier state of a file, and commit some files."""

from __future__ import annotations

import os
from collections.abc import Sequence

from fi_bump.boundary.inside import inside
from fi_bump.boundary.programs import Done
from fi_bump.boundary.reading import read_regular
from fi_bump.errors import FiBumpError, UsageError, quoted
from fi_bump.git import door

# The changes of a file that are looked at, the last ones.
_EARLIER = 20
_UNFINISHED = {"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert"}
_NO_PROGRAMS = ("--no-ext-diff", "--no-textconv")
_IGNORED = {
    True: ("skip-worktree", "git update-index --no-skip-worktree"),
    False: ("assume-unchanged", "git update-index --no-assume-unchanged"),
}


def _names(done: Done) -> list[str]:
    """Return the file names that git printed with -z."""
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def refuse_commit(root: str) -> None:
    """Raise FiBumpError if git cannot commit: no work tree, no first commit, an unfinished merge, no committer."""
    answer = door.run(root, "rev-parse", "--is-inside-work-tree")
    if answer.stdout.strip() != b"true":
        words = f": {door.words(answer)}" if answer.returncode else ""
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
    if door.run(root, "ls-files", "--unmerged", "-z").stdout:
        raise FiBumpError("there are unmerged files", place=root, hint="resolve them first, or leave out --commit")
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        known = door.run(root, "var", name)
        if known.returncode:
            raise FiBumpError(f"git does not know who commits: {door.words(known)}", place=root)


def refuse_paths(root: str, paths: Sequence[str]) -> None:
    """Raise FiBumpError for a file that `git commit` would not commit as it is changed now.

    Git does not track it, ignores its changes (skip-worktree, assume-unchanged), or it has other uncommitted changes.
    """
    # `H path`: the letter is S for skip-worktree, and in lower case for assume-unchanged.
    tracked = {each[2:]: each[0] for each in _names(door.run(root, "ls-files", "-v", "-z", "--", *paths))}
    for path in paths:
        if path not in tracked:
            hint = "add it with git add first, or leave out --commit"
            raise FiBumpError("git does not track this file, so --commit cannot commit it", place=path, hint=hint)
        if tracked[path] != "H":
            name, command = _IGNORED[tracked[path] == "S"]
            message = f"git ignores changes of this file ({name}), so --commit cannot commit it"
            raise FiBumpError(message, place=path, hint=f"run {command} {quoted(path)}, or leave out --commit")
    changed = [*_changed(root, paths, "--cached", "HEAD"), *_changed(root, _differing(root, paths))]
    if changed:
        hint = "commit or stash them first, or leave out --commit"
        message = "this file has uncommitted changes, which --commit would include"
        raise FiBumpError(message, place=changed[0], hint=hint)


def _changed(root: str, paths: Sequence[str], *between: str) -> list[str]:
    """Return the paths that differ between the index and another state: a commit, or the work tree."""
    if not paths:
        return []
    options = ("--name-only", "-z", "--no-renames", "--ignore-submodules=all", *_NO_PROGRAMS)
    done = door.run(root, "diff", *options, *between, "--", *paths, settings=door.without_filters(root))
    if done.returncode:
        raise FiBumpError(f"git cannot list the changes: {door.words(done)}", place=root)
    # git names a path relative to the top of the work tree.
    return _names(done)


def _differing(root: str, paths: Sequence[str]) -> list[str]:
    """Return the paths whose bytes are not those of the index. Git may still call them equal: line ends, a filter."""
    found = []
    for path in paths:
        if door.run(root, "cat-file", "blob", f":./{path}").stdout != read_regular(os.path.join(root, path)):
            found.append(path)
    return found


def commit(root: str, paths: Sequence[str], message: str, seconds: float) -> tuple[str, list[str]]:
    """Commit only these files, whatever else is staged; return the commit's short hash, and files that a hook added.

    Hooks and signing follow the user's configuration, and git with all of them has `seconds`. Raises FiBumpError with
    git's output when the commit fails or does not end in time, and when it lacks one of the files; the files then stay
    changed.
    """
    before = _head(root)
    # --cleanup=whitespace: git must not remove lines of the message that begin with `#`.
    options = ["--quiet", "--only", "--cleanup=whitespace", "--file=-"]
    given = message.encode("utf-8", "surrogateescape")
    try:
        done = door.run(root, "commit", *options, "--", *paths, given=given, hooks=True, seconds=seconds)
    except door.GitTimeoutError as error:
        raise _waiting(root, before, seconds, error) from None
    if done.returncode:
        hint = "the files are changed: fix what git reports and commit them, or undo the change with git checkout"
        raise FiBumpError("git made no commit", hint=hint, printed=door.printed(done) or [door.words(done)])
    top = door.run(root, "rev-parse", "--show-prefix").stdout.rstrip(b"\n")
    named = {os.fsdecode(top) + path: path for path in paths}
    listing = ("-r", "-z", "--name-only", "--no-renames", *_NO_PROGRAMS, before, "HEAD")
    there = _names(door.run(root, "diff-tree", *listing))
    for full, path in named.items():
        if full not in there or at(root, "HEAD", path) is None:
            hint = "look at the commit with git show, and at the hooks of this repository"
            raise FiBumpError("the commit lacks this file: git or a hook left it out", place=path, hint=hint)
    name = door.run(root, "rev-parse", "--short", "HEAD").stdout.decode("ascii", "replace").strip()
    return name, [path for path in there if path not in named]


def refuse_other_content(paths: Sequence[str]) -> None:
    """Raise FiBumpError for files that have other pins in the new commit than fi-bump wrote."""
    if paths:
        message = "the commit has other pins in this file than fi-bump wrote: a hook or a filter changed it"
        hint = "look at the commit with git show, and at the hooks of this repository"
        raise FiBumpError(message, place=paths[0], hint=hint)


def _head(root: str) -> str:
    return door.run(root, "rev-parse", "HEAD").stdout.decode("ascii", "replace").strip()


def _waiting(root: str, before: str, seconds: float, error: door.GitTimeoutError) -> FiBumpError:
    """Return the error for `git commit` that was ended: it says whether the commit is made, and what is left of git."""
    now = _head(root)
    if now != before:
        message = (
            f"the commit {now[:12]} is made, but a hook that git ran after it did not end within {seconds:g} seconds"
        )
        return FiBumpError(message, hint="look at the hooks of this repository that run after a commit")
    message = f"git made no commit: it waited for a hook, a signature or a filter for more than {seconds:g} seconds"
    if isinstance(error, door.AwaitedFileError):
        message = f"git made no commit: it would wait for {error.place}, which is a pipe or a device"
    lock = os.fsdecode(door.run(root, "rev-parse", "--git-path", "index.lock").stdout.rstrip(b"\n"))
    left = f"remove {quoted(lock)}, which git left, " if os.path.exists(os.path.join(root, lock)) else ""
    hint = f"the files are changed: {left}see what git waits for and commit them, or undo the change with git checkout"
    return FiBumpError(message, hint=hint)


def revision(root: str, name: str, option: str = "--base") -> str:
    """Return the commit of a revision that an option names.

    Raises UsageError for an unknown one, FiBumpError outside a git repository.
    """
    hint = f"name a commit, a branch or a tag with {option}"
    if name.startswith("-"):
        raise UsageError(f"'{name}' is not a git revision", hint=hint)
    known = door.run(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if known.returncode == 0:
        return known.stdout.decode("ascii").strip()
    if door.run(root, "rev-parse", "--git-dir").returncode:
        hint = "name an earlier lock with --from-lock FILE" if option == "--base" else f"leave out {option}"
        raise FiBumpError("this is not a git repository, so there is no earlier lock", place=root, hint=hint)
    if option == "--base":
        hint += ", or an earlier lock with --from-lock"
    raise UsageError(f"'{name}' is not a revision of this git repository", hint=hint)


def at(root: str, commit_: str, path: str) -> bytes | None:
    """Return a file's bytes in a commit; `path` is relative to `root`. Returns None if the commit lacks the file.

    The links of the work tree are followed. Raises FiBumpError if a partial clone has only the name of the file.
    """
    for each in dict.fromkeys((behind_links(root, path), path)):
        done = door.run(root, "cat-file", "blob", f"{commit_}:./{each}")
        if done.returncode == 0:
            return done.stdout
    if door.run(root, "ls-tree", "-z", commit_, "--", path).stdout:
        hint = "fetch the whole history: git fetch --refetch --no-filter"
        raise FiBumpError(f"this clone does not have the file of the commit {commit_[:12]}", place=path, hint=hint)
    return None


def behind_links(root: str, path: str) -> str:
    """Return the file that a change of a path writes, relative to `root`: git has a link and its target apart."""
    top = os.path.realpath(root)
    real = os.path.realpath(os.path.join(top, path))
    return os.path.relpath(real, top) if inside(top, real) else path


def earlier_files(root: str, path: str) -> list[bytes]:
    """Return the bytes that a file had in the last commits that changed it, the newest first; none without git."""
    try:
        done = door.run(root, "log", f"--max-count={_EARLIER}", "--format=%H", "--", path)
        commits = done.stdout.decode("ascii", "replace").split() if done.returncode == 0 else []
        return [data for commit_ in commits if (data := at(root, commit_, path)) is not None]
    except FiBumpError:
        return []  # Without git, or in a clone without these files, there is only the present.
