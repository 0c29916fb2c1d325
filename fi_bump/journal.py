"""Where fi-bump keeps its state of a repository, and whether a killed run left something there. Read-only, light.

The state lies inside `.git` where there is one, so that a working tree stays clean, else in `.fi-bump`, which is
removed after use. It holds the lock file of the running fi-bump, `intent.json` (temporary files about to be made) and
`journal.json` (the change is decided: it is finished or undone, never left half-way).
"""

from __future__ import annotations

import json
import os

INTENT = "intent.json"
JOURNAL = "journal.json"
LOCK_FILE = "lock"


def state_folder(root: str) -> str:
    """The folder of fi-bump's state for the repository at `root`; it need not exist."""
    top = os.path.realpath(root)
    below = top
    while True:
        git = os.path.join(top, ".git")
        if os.path.isdir(git):
            break
        if os.path.isfile(git):
            git = _linked_git(top, git)
            break
        if os.path.dirname(top) == top:
            return os.path.join(below, ".fi-bump")
        top = os.path.dirname(top)
    relative = os.path.relpath(below, top)
    return os.path.join(git, "fi-bump", "%".join(["root"] if relative == "." else relative.split(os.sep)))


def _linked_git(top: str, file: str) -> str:
    """The folder that the .git file of a worktree or submodule names (`gitdir: PATH`)."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as stream:
            text = stream.read()
    except OSError:
        text = ""
    folder = os.path.join(top, text.removeprefix("gitdir:").strip())
    return folder if text.startswith("gitdir:") and os.path.isdir(folder) else os.path.join(top, ".fi-bump")


def pending(root: str) -> bool:
    """Whether a run that is no longer alive left a journal (or temporary files) behind."""
    state = state_folder(root)
    left = os.path.exists(os.path.join(state, JOURNAL)) or os.path.exists(os.path.join(state, INTENT))
    return left and not _alive(state)


def _alive(state: str) -> bool:
    """Whether a running fi-bump holds the lock; the system drops it when a process dies."""
    import fcntl

    try:
        descriptor = os.open(os.path.join(state, LOCK_FILE), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def pending_paths(root: str) -> list[str]:
    """The files of a journal that was left, relative to the root; empty when no file can have been touched."""
    try:
        with open(os.path.join(state_folder(root), JOURNAL), "rb") as stream:
            return [entry["path"] for entry in json.load(stream)["entries"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
