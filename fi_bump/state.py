"""Where fi-bump stores its state of a repository, and whether a killed run left a change there. Read-only, and fast.

The state is inside `.git` if there is one, so that the working tree stays clean, else in `.fi-bump`, which is removed
after use. It consists of the lock file of the running fi-bump, `intent.json` (the temporary files about to be made) and
`journal.json` (a change that is decided, and will be finished or undone).
"""

from __future__ import annotations

import os

from fi_bump.boundary.reading import read_regular

INTENT = "intent.json"
JOURNAL = "journal.json"
LOCK_FILE = "lock"


def state_folder(root: str) -> str:
    """Return the folder of fi-bump's state for the repository at `root`; it need not exist.

    Several roots may share one `.git`: each has its own folder there, so that no root replays another's journal.
    """
    below = os.path.realpath(root)
    top = checkout(root)
    if top is None:
        return os.path.join(below, ".fi-bump")
    git = os.path.join(top, ".git")
    if os.path.isdir(git) and not os.path.islink(git):
        return os.path.join(git, "fi-bump", _name(os.path.relpath(below, top)))
    folder = _linked_git(top, git)
    if folder is None:
        return os.path.join(below, ".fi-bump")
    # The path from the folder to the root leads out of the folder, so its name is no other root's.
    start = top if _names_back(folder, git) else folder
    return os.path.join(folder, "fi-bump", _name(os.path.relpath(below, start)))


def checkout(root: str) -> str | None:
    """Return the real path of the git work tree that contains `root`, or None."""
    top = os.path.realpath(root)
    while True:
        git = os.path.join(top, ".git")
        if os.path.isdir(git) or os.path.isfile(git):
            return top
        if os.path.dirname(top) == top:
            return None
        top = os.path.dirname(top)


def _name(relative: str) -> str:
    """Return a folder name for a relative path, different for every path and never too long for a file system."""
    if relative == ".":
        return "root"
    name = "in-" + relative.replace("%", "%25").replace(os.sep, "%2F")
    if len(os.fsencode(name)) <= 200:
        return name
    from hashlib import sha256

    return "at-" + sha256(os.fsencode(relative)).hexdigest()


def _linked_git(top: str, git: str) -> str | None:
    """Return the real folder that `.git` is a link to, or names as a file (`gitdir: PATH`), or None.

    The tree may come from a stranger, so any other folder than one of git is left alone.
    """
    folder = os.path.realpath(git)
    if not os.path.isdir(folder):
        try:
            text = read_regular(git).decode("utf-8", "surrogateescape")
            folder = os.path.realpath(os.path.join(top, text.removeprefix("gitdir:").strip()))
        except (OSError, ValueError):
            return None
        if not text.startswith("gitdir:"):
            return None
    parts = [os.path.exists(os.path.join(folder, name)) for name in ("objects", "commondir")]
    return folder if os.path.lexists(os.path.join(folder, "HEAD")) and any(parts) else None


def _names_back(folder: str, git: str) -> bool:
    """Whether this is the folder of the worktree with this `.git` file: git wrote the file's path into the folder."""
    try:
        text = read_regular(os.path.join(folder, "gitdir")).decode("utf-8", "surrogateescape")
        return os.path.realpath(os.path.join(folder, text.strip())) == git
    except (OSError, ValueError):
        return False


def pending(root: str) -> bool:
    """Whether there is a journal or an intent, from a killed run or from one that is at work now."""
    state = state_folder(root)
    return os.path.exists(os.path.join(state, JOURNAL)) or os.path.exists(os.path.join(state, INTENT))


def pending_paths(root: str) -> list[str]:
    """Return the files in a left journal, relative to the root; empty if no file can have been changed."""
    import json

    try:
        document = json.loads(read_regular(os.path.join(state_folder(root), JOURNAL)))
        return [str(entry["path"]) for entry in document["entries"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
