"""Rules about paths that need no file system: which folders the walk of a tree does not enter, and what is excluded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

LOCK_NAME = "versions.lock.json"

VERSION_CONTROL = frozenset([".git", ".hg", ".svn", ".fi-bump"])
_SKIPPED_FOLDERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        ".eggs",
        ".fi-bump",
        "node_modules",
        "site-packages",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    ]
)
# Metadata that builds write about a package; a source distribution has its copy at the top.
_METADATA = (".egg-info", ".dist-info")
# A folder below the root that contains one of these is not part of the repository, and what it is instead.
MARKS = {
    ".git": "another checkout",
    "pyvenv.cfg": "a virtual environment",
    LOCK_NAME: f"a folder with its own {LOCK_NAME}",
}

# What a folder of git has under any name: a bare repository, and the folder of `git init --separate-git-dir`.
GIT_FOLDER = ("HEAD", "objects", "refs")
# A folder without one of these names has no mark.
MARKING = frozenset([*MARKS, GIT_FOLDER[0]])


# Parts of a path that name no file of a folder.
_NO_NAMES = frozenset(["", ".", ".."])
_NOT_PLAIN = "is not a plain path inside the repository"


def is_marked(names: Iterable[str]) -> bool:
    """Whether a folder below the root with entries of these names is not part of the repository."""
    listed = set(names)
    return not listed.isdisjoint(MARKS) or listed.issuperset(GIT_FOLDER)


@lru_cache(maxsize=4096)
def is_skipped(name: str) -> bool:
    """Whether the walk of a tree does not enter a folder of this name.

    Case does not matter, since some file systems find `.git` under the name `.GIT` too.
    """
    lower = name.lower()
    return lower in _SKIPPED_FOLDERS or lower.endswith(_METADATA)


def refusal(path: str) -> str | None:
    """Return why no pin can be at a path relative to the root, or None if the name alone allows it.

    The text follows the path: `is in .git, …`.
    """
    folder, slash, name = path.rpartition("/")
    if name in _NO_NAMES:
        return _NOT_PLAIN
    refused = _refusal_of_folder(folder) if slash else None
    if refused is not None:
        return refused
    if name.lower() == ".git":
        return "belongs to git"
    return "is the lock" if path == LOCK_NAME else None


# A lock may have 10,000 sites in a few folders.
@lru_cache(maxsize=4096)
def _refusal_of_folder(folder: str) -> str | None:
    names = folder.split("/")
    if not _NO_NAMES.isdisjoint(names):
        return _NOT_PLAIN
    skipped = next(filter(is_skipped, names), None)
    return f"is in {skipped}, where fi-bump reads and changes no file" if skipped is not None else None


def excluder(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """Compile the excluded paths: `*` stays in a folder, `**` crosses folders, and a folder includes its content."""
    bodies = [_glob(pattern) for pattern in patterns]
    return re.compile(f"(?:{'|'.join(bodies)})(?:/.*)?\\Z") if bodies else None


def _glob(pattern: str) -> str:
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.rstrip("/"))
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(token, re.escape(token)) for token in tokens)
