"""Branches and other revisions of a repository, and the files in them, without a checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from fi_bump.errors import FiBumpError, UsageError
from fi_bump.git import door
from fi_bump.git.commits import revision

_FIELDS = ("refname", "symref", "objectname", "*objectname", "committerdate:iso-strict", "*committerdate:iso-strict")
_FORMAT = "%00".join(f"%({field})" for field in _FIELDS)
_HEADS, _REMOTES, _TAGS = "refs/heads/", "refs/remotes/", "refs/tags/"
_GLOB = frozenset("*?[")
# Objects for which git is asked at once: their bytes are in memory together.
_AT_ONCE = 500


class Ref(NamedTuple):
    """A branch, a tag or another revision: its name, its commit, and the commit's date in ISO 8601."""

    name: str
    commit: str
    date: str


class TreeFile(NamedTuple):
    """A regular file of a commit: its path relative to the root, and the name of the object with its bytes."""

    path: str
    blob: str


def matching(root: str, patterns: Sequence[str]) -> list[Ref]:
    """Return the revisions that the patterns name, in their order, each once.

    A pattern matches local branches; if none, remote branches, with or without the remote's name; if none, tags. What
    matches nothing may be any other revision. Raises UsageError for a pattern that matches nothing.
    """
    known = _all(root)
    found: dict[str, Ref] = {}
    for pattern in patterns:
        refs = _of_kind(known, _HEADS, pattern) or _of_kind(known, _REMOTES, pattern) or _of_kind(known, _TAGS, pattern)
        if not refs and _GLOB.isdisjoint(pattern):
            refs = [at_revision(root, pattern)]
        if not refs:
            hint = "run git branch --all to list the branches"
            raise UsageError(f"no branch and no tag matches '{pattern}'", place=root, hint=hint)
        for ref in refs:
            found.setdefault(ref.name, ref)
    return list(found.values())


def at_revision(root: str, name: str) -> Ref:
    """Return a revision by any name that git knows. Raises UsageError for an unknown one."""
    commit = revision(root, name, "--refs")
    shown = door.run(root, "show", "--no-patch", "--no-show-signature", "--format=%cI", commit)
    return Ref(name, commit, shown.stdout.decode("ascii", "replace").strip())


def _all(root: str) -> dict[str, Ref]:
    """Return every branch and tag of a commit, by its whole name."""
    done = door.run(root, "for-each-ref", f"--format={_FORMAT}", _HEADS, _REMOTES, _TAGS)
    if done.returncode:
        raise FiBumpError(f"git cannot list the branches: {door.words(done)}", place=root)
    refs = {}
    for line in done.stdout.split(b"\n")[:-1]:
        name, link, commit, tagged, date, tagged_date = (os.fsdecode(field) for field in line.split(b"\0"))
        if not link and (date or tagged_date):
            refs[name] = Ref(name, tagged or commit, tagged_date or date)
    return refs


def _of_kind(known: dict[str, Ref], prefix: str, pattern: str) -> list[Ref]:
    refs = []
    for name, ref in known.items():
        short = name.removeprefix(prefix)
        names = (short, short.partition("/")[2]) if prefix == _REMOTES else (short,)
        if name.startswith(prefix) and any(fnmatchcase(each, pattern) for each in names):
            refs.append(ref._replace(name=short))
    return refs


def tree(root: str, commit: str) -> list[TreeFile]:
    """Return the regular files of a commit below `root`: no links, and nothing of a submodule. Raises FiBumpError."""
    done = door.run(root, "ls-tree", "-r", "-z", commit)
    if done.returncode:
        raise FiBumpError(f"git cannot list the files of {commit}: {door.words(done)}", place=root)
    found = []
    for entry in done.stdout.split(b"\0")[:-1]:
        attributes, _, path = entry.partition(b"\t")
        mode, kind, name = attributes.decode("ascii").split(" ")
        if kind == "blob" and mode != "120000":
            found.append(TreeFile(os.fsdecode(path), name))
    return found


def blobs(root: str, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each object's name and bytes. Raises FiBumpError for one that git does not have here."""
    for start in range(0, len(names), _AT_ONCE):
        asked = names[start : start + _AT_ONCE]
        done = door.run(root, "cat-file", "--batch", given="".join(f"{name}\n" for name in asked).encode("ascii"))
        position = 0
        for name in asked:
            end = done.stdout.find(b"\n", position)
            header = done.stdout[position:end].split(b" ")
            if end < 0 or len(header) != 3:
                hint = "fetch it first: a partial clone does not have every file"
                raise FiBumpError(f"git does not have the object {name} here", place=root, hint=hint)
            position = end + 1 + int(header[2]) + 1
            yield name, done.stdout[end + 1 : position - 1]
