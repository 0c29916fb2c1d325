"""The records of the last changes that fi-bump wrote in a working tree, for `fi-bump undo`.

A record is a private file in the folder of the state, if that is inside `.git`; without `.git` no change is recorded,
because the working tree must stay clean. It is staged before the journal, and gets its name when the change is on
disk. So a staged record without a journal and without an intent belongs to a finished change: docs/design.md, "Undo".
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import time
from collections.abc import Sequence
from typing import NamedTuple

from fi_bump.boundary.reading import read_own
from fi_bump.editing.taking_back import CHECKSUM, Replaced, ReplacedLines, replaced
from fi_bump.errors import FileError, reason_of
from fi_bump.state import INTENT, JOURNAL
from fi_bump.user_files import write_new

MOST_RECORDS = 20
MOST_BYTES = 4 << 20
LARGEST = 1 << 20
_STAGED = "undo.json.new"
_NAME = re.compile(r"undo-([0-9]{9})\.json")
_VERSION = 1


class Record(NamedTuple):
    """One change: the file with its record, the command that made it, when (Unix time), where, and what it replaced.

    `files` is None if the change was too large to be recorded. `root` and `inode` are those of the repository's folder:
    a copy of a checkout has neither.
    """

    path: str
    command: str
    time: int
    root: str
    inode: int
    files: tuple[Replaced, ...] | None

    @property
    def when(self) -> str:
        """The time of the change, to the minute, in UTC."""
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.time))


def is_kept(state: str) -> bool:
    """Whether changes are recorded: the state is inside `.git`."""
    return os.path.basename(state) != ".fi-bump"


def stage(top: str, state: str, command: str, changes: Sequence[tuple[str, bytes | None, bytes | None]]) -> None:
    """Write the record of a change that is about to be made: each path, its old bytes and its new ones.

    A change of nothing is not recorded. Raises OSError.
    """
    differing = [(path, old, new) for path, old, new in changes if new is not None and old != new]
    if not is_kept(state) or not differing:
        return
    files = [_document(replaced(path, old, new)) for path, old, new in differing]
    about = {"version": _VERSION, "command": command, "time": int(time.time())}
    about |= {"root": top, "inode": os.stat(top).st_ino}
    data = json.dumps({**about, "files": files}).encode()
    if len(data) > LARGEST:
        data = json.dumps({**about, "files": None}).encode()
    write_new(os.path.join(state, _STAGED), data, private=True)


def staged(state: str) -> str:
    """Return the path of a staged record."""
    return os.path.join(state, _STAGED)


def adopt(state: str, *, finished: bool = False) -> None:
    """Give the staged record of a finished change its name, and remove the oldest records beyond the bounds.

    Unless it is known that the change is `finished`, a journal or an intent shows that it is not. Raises OSError.
    """
    under_way = not finished and any(os.path.exists(os.path.join(state, name)) for name in (JOURNAL, INTENT))
    if under_way or not is_kept(state):
        return
    names = _names(state)
    if os.path.lexists(staged(state)):
        number = int(names[0][5:14]) + 1 if names else 1
        os.replace(staged(state), os.path.join(state, f"undo-{number:09}.json"))
        names = _names(state)
    total = 0
    for position, name in enumerate(names):
        total += os.lstat(os.path.join(state, name)).st_size
        if position >= MOST_RECORDS or (total > MOST_BYTES and position):
            os.unlink(os.path.join(state, name))


def records(state: str) -> list[str]:
    """Return the paths of all records, the last change first."""
    if not is_kept(state):
        return []
    with contextlib.suppress(OSError):
        adopt(state)
    return [os.path.join(state, name) for name in _names(state)]


def _names(state: str) -> list[str]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return sorted((name for name in os.listdir(state) if _NAME.fullmatch(name)), reverse=True)
    return []


def load(path: str) -> Record:
    """Return a record. Raises FileError if it cannot be read, is not of this user, or is broken."""
    try:
        document = json.loads(read_own(path, LARGEST))
        if document["version"] != _VERSION:
            raise ValueError("another version")
        files = document["files"]
        return Record(
            path=path,
            command=str(document["command"]),
            time=int(document["time"]),
            root=str(document["root"]),
            inode=int(document["inode"]),
            files=None if files is None else tuple(map(_replaced, files)),
        )
    except OSError as error:
        message = f"this record of a change cannot be used: {reason_of(error)}"
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise broken(path) from None
    raise _unusable(path, message)


def broken(path: str) -> FileError:
    """Return the error for a record that does not fit together."""
    return _unusable(path, "this record of a change cannot be read")


def _unusable(path: str, message: str) -> FileError:
    return FileError(message, place=path, hint=f"run rm {path}; the change before it can then be taken back")


def forget(path: str) -> None:
    """Remove a record whose change is taken back. Raises OSError."""
    os.unlink(path)


def _document(each: Replaced) -> dict[str, object]:
    return {
        "path": each.path,
        "old": each.old,
        "new": each.new,
        "lines": None if each.lines is None else base64.b64encode(b"".join(each.lines)).decode("ascii"),
        "hunks": [[hunk.start, hunk.size, base64.b64encode(hunk.old).decode("ascii")] for hunk in each.hunks],
    }


def _replaced(document: dict[str, object]) -> Replaced:
    lines, hunks = document["lines"], document["hunks"]
    if not isinstance(hunks, list) or not isinstance(lines, str | None):
        raise TypeError
    sums = None if lines is None else base64.b64decode(lines, validate=True)
    old = document["old"]
    return Replaced(
        path=str(document["path"]),
        old=None if old is None else str(old),
        new=str(document["new"]),
        lines=None if sums is None else tuple(sums[at : at + CHECKSUM] for at in range(0, len(sums), CHECKSUM)),
        hunks=tuple(
            ReplacedLines(int(start), int(size), base64.b64decode(text, validate=True)) for start, size, text in hunks
        ),
    )
