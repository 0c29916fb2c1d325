"""The only writer of the repository's files: it replaces several files together, or none.

The order: take the lock, check the targets, record the temporary files (the intent), stage the record for `undo`,
write the temporary files beside their targets, sync, check the targets again, write the journal (which decides the
change), rename each file, remove the journal. A failure before the journal leaves everything as it was. After it, a
failed rename is undone here, and after a kill recovery.py finishes or undoes the change in the next run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fi_bump.boundary.inside import BEHIND_LINK, OUTSIDE, Boundary, inside
from fi_bump.boundary.left_out import LOCK_NAME
from fi_bump.editing import history, journal
from fi_bump.editing.contents import digest
from fi_bump.editing.journal import JournalEntry, explained
from fi_bump.errors import BusyError, FileError
from fi_bump.state import JOURNAL, LOCK_FILE, pending, pending_paths, state_folder
from fi_bump.user_files import keep_extended, write_new

__all__ = ["FileChange", "commit", "exclusive", "make_folder", "pending", "pending_paths"]

_ATTEMPTS = 100
_held: set[str] = set()


class FileChange(NamedTuple):
    """New bytes for one file: `path` relative to the root, `old` as it was read (None: it must not exist yet).

    `new` is None for a file to remove.
    """

    path: str
    old: bytes | None
    new: bytes | None


class _Target(NamedTuple):
    """A checked change: the real file behind its path, the file's attributes, and the temporary file beside it."""

    change: FileChange
    real: str
    attributes: os.stat_result | None
    temporary: str


@contextlib.contextmanager
def exclusive(root: str) -> Iterator[None]:
    """Hold the repository's write lock, which ends with the process. Raises BusyError if another fi-bump holds it."""
    state = state_folder(root)
    descriptor = _acquire(state, os.path.relpath(state, os.path.realpath(root)))
    _held.add(state)
    try:
        yield
    finally:
        _held.discard(state)
        # Removed while still held: a process that waits for the old file sees that its path is gone and makes a new
        # one.
        try:
            _remove_lock(state)
        finally:
            os.close(descriptor)


def _remove_lock(state: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(state, LOCK_FILE))
        os.rmdir(state)


def is_held(state: str) -> bool:
    """Whether this process has the write lock of the repository with this state folder."""
    return state in _held


def _acquire(state: str, place: str) -> int:
    """Return a locked descriptor of the lock file that is at its path now. Raises BusyError."""
    try:
        import fcntl
    except ImportError:
        raise FileError("this system has no file locks", hint="run fi-bump on Linux or macOS, or in WSL") from None
    for folder, shown in ((state, place), (os.path.dirname(state), os.path.dirname(place))):
        if os.path.islink(folder):
            # A tree from somewhere else may contain it; nothing must be written behind it.
            raise FileError("is a link, but fi-bump keeps its journal there", place=shown, hint="remove this link")
    path = os.path.join(state, LOCK_FILE)
    for _ in range(_ATTEMPTS):
        # FileNotFoundError: its last holder removed the file or the folder between two of our calls.
        with explained(place), contextlib.suppress(FileNotFoundError):
            os.makedirs(state, exist_ok=True)
            is_new = not os.path.lexists(path)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    kept, descriptor = descriptor, -1
                    return kept
            except BlockingIOError:
                break
            except OSError:
                # A file system without locks. Another process cannot have the lock of a file that was made here.
                if is_new:
                    _remove_lock(state)
                raise
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
    raise BusyError("another fi-bump is writing in this repository", hint="wait for it to end")


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Delay the signals that end a process until the block is done; the journal covers kill -9."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def commit(root: str, changes: Sequence[FileChange], command: str | None = "a change") -> None:
    """Replace all files or none, renaming them in the given order, and the lock last.

    Modes, owners, extended attributes and links stay.

    `command` is what the list of `undo` says of the change; without it the change is not recorded for `undo`.

    Raises FileError, with every file as it was, if a target differs from what was read, is read-only, hard-linked, a
    folder, or outside the repository, if there is a journal, or if a system call fails.
    """
    state = state_folder(root)
    if state not in _held:
        with exclusive(root):
            commit(root, changes, command)
        return
    top = os.path.realpath(root)
    _refuse_pending(root, top, state)
    transaction = f"{os.getpid():x}-{os.urandom(4).hex()}"
    boundary = Boundary(top)
    # The lock says that a change is complete.
    changes = sorted(changes, key=lambda each: each.path == LOCK_NAME)
    targets = [_preflight(top, boundary, change, f"{transaction}-{index}") for index, change in enumerate(changes)]
    _refuse_twice(targets)
    decided = False
    try:
        _stage(top, state, targets, command)
        with unbroken():
            entries = [_entry(target) for target in targets]
            with explained(os.path.relpath(state, top)):
                journal.put_journal(top, state, entries)
            decided = True
            _carry_out(state, entries)
    except BaseException:
        if not decided:
            with unbroken():
                journal.discard(state, [target.temporary for target in targets])
        raise
    for witness in _witnesses:
        witness += changes


# The lists that collect what is committed.
_witnesses: list[list[FileChange]] = []


@contextlib.contextmanager
def witnessed() -> Iterator[list[FileChange]]:
    """Collect the changes that are committed meanwhile."""
    _witnesses.append([])
    try:
        yield _witnesses[-1]
    finally:
        _witnesses.pop()


def make_folder(root: str, path: str) -> None:
    """Make the folder for a new file at `path`. Raises FileError if the folder would be outside the repository."""
    top = os.path.realpath(root)
    folder = os.path.dirname(os.path.join(top, path))
    refused = BEHIND_LINK if not inside(top, os.path.realpath(folder)) else Boundary(top).refusal(path)
    if refused is not None:
        raise FileError(refused, place=path, hint="nothing was changed")
    with explained(path):
        os.makedirs(folder, exist_ok=True)


def _refuse_pending(root: str, top: str, state: str) -> None:
    """Raise FileError if there is a journal: it alone can restore a consistent tree, so it is never overwritten."""
    if os.path.exists(os.path.join(state, JOURNAL)):
        place = ", ".join(pending_paths(root)) or os.path.join(state, JOURNAL)
        raise FileError("an interrupted fi-bump left its journal", place=place, hint="run fi-bump check --fix")
    journal.drop_intent(top, state)


def _preflight(top: str, boundary: Boundary, change: FileChange, transaction: str) -> _Target:
    """Return the target behind a path. Raises FileError with the reason if it must not be written."""
    path = os.path.join(top, change.path)
    real = os.path.realpath(path)
    if not inside(top, real):
        hint = "nothing was changed; put the file itself here, or exclude it in versions.lock.json"
        raise FileError(OUTSIDE, place=change.path, hint=hint)
    refused = boundary.refusal(change.path)
    if refused is not None:
        raise FileError(refused, place=change.path, hint="nothing was changed")
    folder, name = os.path.split(real)
    # With our mark a long name would be too long for the file system.
    name = name if len(os.fsencode(name)) <= 200 else ""
    temporary = os.path.join(folder, f".{name}{journal.MARK}{transaction}")
    with explained(change.path, what="cannot be read"), contextlib.suppress(FileNotFoundError):
        attributes = os.stat(real)
        _refuse(change, real, attributes)
        return _Target(change, real, attributes, temporary)
    if change.old is None and not os.path.lexists(path):
        return _Target(change, real, None, temporary)
    message = "is a link to a missing file" if os.path.islink(path) else "was deleted since it was read"
    raise FileError(message, place=change.path, hint="nothing was changed")


def _refuse(change: FileChange, real: str, attributes: os.stat_result) -> None:
    hint = "nothing was changed"
    if not stat.S_ISREG(attributes.st_mode):
        message = "is a folder" if stat.S_ISDIR(attributes.st_mode) else "is not a regular file"
        raise FileError(message, place=change.path, hint=hint)
    if attributes.st_nlink > 1:
        hint = f"{hint}; copy the file to break the link, or exclude it in versions.lock.json"
        message = "has a second name (a hard link), which fi-bump would cut off by replacing the file"
        raise FileError(message, place=change.path, hint=hint)
    # Root may write anything, so the mode decides, whoever runs this.
    if not attributes.st_mode & 0o222 or not os.access(real, os.W_OK):
        raise FileError("is read-only", place=change.path, hint=f"{hint}; make it writable and run again")
    _refuse_changed(change, real)


def _refuse_changed(change: FileChange, real: str) -> None:
    with explained(change.path, what="cannot be read"):
        if journal.read(real) != change.old:
            raise FileError("changed since it was read", place=change.path, hint="nothing was changed; run again")


def _refuse_twice(targets: Sequence[_Target]) -> None:
    seen: dict[str, str] = {}
    for target in targets:
        if target.real in seen:
            message = f"is the same file as {seen[target.real]}"
            raise FileError(message, place=target.change.path, hint="nothing was changed; exclude one of the two")
        seen[target.real] = target.change.path


def _stage(top: str, state: str, targets: Sequence[_Target], command: str | None) -> None:
    """Write every temporary file, then check the targets again."""
    with explained(os.path.relpath(state, top)):
        history.adopt(state)
        journal.note_intent(top, state, [target.temporary for target in targets])
        if command is not None:
            history.stage(top, state, command, [target.change for target in targets])
    for target in targets:
        if target.change.new is None:
            continue  # Its own file gets the temporary name: that is how it is removed.
        with explained(target.change.path):
            write_new(target.temporary, target.change.new, target.attributes)
            if target.attributes is not None:
                keep_extended(target.real, target.temporary)
    for target in targets:
        with explained(target.change.path):
            journal.sync_folders([os.path.dirname(target.temporary)])
    for target in targets:
        _refuse_changed(target.change, target.real)


def _entry(target: _Target) -> JournalEntry:
    change = target.change
    old, new = digest(change.old), digest(change.new)
    mode = stat.S_IMODE(target.attributes.st_mode) if new is None and target.attributes is not None else None
    return JournalEntry(
        path=change.path, real=target.real, temporary=target.temporary, old=old, new=new, old_data=change.old, mode=mode
    )


def _carry_out(state: str, entries: Sequence[JournalEntry]) -> None:
    """Rename the files. A failure undoes the renames; an interrupt is raised after they are finished."""
    interrupt: BaseException | None = None
    for _ in range(_ATTEMPTS):
        try:
            journal.finish(state, entries)
            break
        except FileError:
            journal.undo(state, entries)
            raise
        except BaseException as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
