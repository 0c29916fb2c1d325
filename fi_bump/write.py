"""The only writer: several files are replaced together, or none is.

Order: lock, preflight, note the temporary files (intent), write them beside their targets, sync, look at the targets
again, journal (the point from which the change is decided), rename each, remove the journal. Before the journal a
failure leaves everything as it was; after it, a failed rename is rolled back here and a kill is finished, or undone, by
`recover` in the next run.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fi_bump.errors import BusyError, FileError
from fi_bump.journal import INTENT, JOURNAL, LOCK_FILE, state_folder

_held: set[str] = set()


class Change(NamedTuple):
    """New bytes for one file: `path` relative to the root, `old` as it was read (None: it must not exist yet)."""

    path: str
    old: bytes | None
    new: bytes


class Recovery(NamedTuple):
    """What `recover` did with an interrupted run: `finished` or `undone`, and to which files."""

    outcome: str
    paths: tuple[str, ...]


class _Target(NamedTuple):
    """A checked change: the real file behind its path, its attributes, and the temporary file beside it."""

    change: Change
    real: str
    attributes: os.stat_result | None
    temporary: str


@contextlib.contextmanager
def exclusive(root: str) -> Iterator[None]:
    """Hold the repository's write lock; it dies with the process. Raises BusyError when another fi-bump holds it."""
    state = state_folder(root)
    descriptor = _acquire(state)
    _held.add(state)
    try:
        yield
    finally:
        _held.discard(state)
        # Removed while still held: whoever waits on the old file sees that its path is gone and takes a new one.
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(state, LOCK_FILE))
            os.rmdir(state)
        os.close(descriptor)


def _acquire(state: str) -> int:
    import fcntl

    path = os.path.join(state, LOCK_FILE)
    while True:
        try:
            os.makedirs(state, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _failed(os.path.basename(state), error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise BusyError("another fi-bump is writing in this repository", hint="wait for it to end") from None
        except FileNotFoundError:
            pass  # its last holder removed it between our open and our lock
        os.close(descriptor)


def _failed(path: str, error: OSError) -> FileError:
    reason = (error.strerror or str(error)).lower()
    return FileError(f"cannot be written: {reason}", place=path, hint="nothing was changed; mend it and run again")


def commit(root: str, changes: Sequence[Change]) -> None:
    """Replace every file or none, renaming in the given order, modes, owners and symbolic links kept.

    Raises FileError, with everything as it was, when a target is not what was read, is read-only, hard-linked, a
    folder, or leaves the repository, or when the system fails us.
    """
    state = state_folder(root)
    if state not in _held:
        with exclusive(root):
            commit(root, changes)
        return
    transaction = f"{os.getpid():x}-{os.urandom(4).hex()}"
    targets = [_preflight(root, change, transaction) for change in changes]
    _refuse_twice(targets)
    try:
        _stage(state, targets)
        _put_journal(state, targets)
    except BaseException as error:
        _discard(state, [target.temporary for target in targets])
        if isinstance(error, OSError):
            raise _failed(_blame(root, error), error) from None
        raise
    _carry_out(root, state, targets)


def _blame(root: str, error: OSError) -> str:
    """The path to name for a system error: relative, and without the temporary file's suffix."""
    name = error.filename if isinstance(error.filename, str) else root
    folder, base = os.path.split(os.path.relpath(os.path.realpath(name), os.path.realpath(root)))
    if ".fi-bump-" in base:
        base = base[1:].partition(".fi-bump-")[0]
    return os.path.join(folder, base)


def _preflight(root: str, change: Change, transaction: str) -> _Target:
    """The target behind a path, or the reason why it must not be written."""
    real = os.path.realpath(os.path.join(root, change.path))
    top = os.path.realpath(root)
    if os.path.commonpath((real, top)) != top:
        raise FileError("is a link that leaves the repository", place=change.path, hint="nothing was changed")
    temporary = os.path.join(os.path.dirname(real), f".{os.path.basename(real)}.fi-bump-{transaction}")
    try:
        attributes = os.stat(real)
    except FileNotFoundError:
        if change.old is None and not os.path.lexists(os.path.join(root, change.path)):
            return _Target(change, real, None, temporary)
        dangling = os.path.islink(os.path.join(root, change.path))
        message = "is a link to nothing" if dangling else "was deleted since it was read"
        raise FileError(message, place=change.path, hint="nothing was changed") from None
    except OSError as error:
        raise _failed(change.path, error) from None
    _refuse(change, real, attributes)
    return _Target(change, real, attributes, temporary)


def _refuse(change: Change, real: str, attributes: os.stat_result) -> None:
    hint = "nothing was changed"
    if stat.S_ISDIR(attributes.st_mode):
        raise FileError("is a folder", place=change.path, hint=hint)
    if attributes.st_nlink > 1:
        hint = f"{hint}; copy the file to break the link, or exclude it in versions.lock.json"
        message = "has a second name (a hard link), which a replacement would cut off"
        raise FileError(message, place=change.path, hint=hint)
    # Root may write anything: the mode's own word counts, whoever runs this.
    if not attributes.st_mode & 0o222 or not os.access(real, os.W_OK):
        raise FileError("is read-only", place=change.path, hint=f"{hint}; make it writable and run again")
    if not _holds(real, change.old):
        raise FileError("changed since it was read", place=change.path, hint=f"{hint}; run again")


def _refuse_twice(targets: list[_Target]) -> None:
    seen: dict[str, str] = {}
    for target in targets:
        other = seen.setdefault(target.real, target.change.path)
        if other != target.change.path:
            message = f"is the same file as {other}"
            raise FileError(message, place=target.change.path, hint="nothing was changed; exclude one of the two")


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _holds(path: str, data: bytes | None) -> bool:
    try:
        return _read(path) == data
    except OSError:
        return False


def _stage(state: str, targets: list[_Target]) -> None:
    """Write every temporary file and look at the targets again."""
    intent = {"version": 1, "temporaries": [target.temporary for target in targets]}
    _put(os.path.join(state, INTENT), json.dumps(intent).encode(), None)
    _sync_folders([state])
    for target in targets:
        _put(target.temporary, target.change.new, target.attributes)
    _sync_folders([os.path.dirname(target.temporary) for target in targets])
    for target in targets:
        if not _holds(target.real, target.change.old):
            hint = "nothing was changed; run again"
            raise FileError("changed since it was read", place=target.change.path, hint=hint)


def _put(path: str, data: bytes, attributes: os.stat_result | None) -> None:
    """Make a new file, on disk to its last byte, with the mode and owner of `attributes`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if attributes is not None:
            if (attributes.st_uid, attributes.st_gid) != (os.geteuid(), os.getegid()):
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, attributes.st_uid, attributes.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(attributes.st_mode))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folders(folders: Sequence[str]) -> None:
    for folder in sorted(set(folders)):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _discard(state: str, temporaries: Sequence[str]) -> None:
    """Take back what was prepared; what cannot be removed now stays named in the intent for the next run."""
    names = [*temporaries, os.path.join(state, JOURNAL + ".new"), os.path.join(state, JOURNAL)]
    left = [path for path in names if not _remove(path)]
    if not left:
        _remove(os.path.join(state, INTENT))


def _remove(path: str) -> bool:
    """Whether the path is gone now."""
    try:
        os.unlink(path)
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return True


def _hash(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _put_journal(state: str, targets: list[_Target]) -> None:
    entries = [
        {
            "path": target.change.path,
            "real": target.real,
            "temporary": target.temporary,
            "old": _hash(target.change.old),
            "new": _hash(target.change.new),
            "old-data": None if target.change.old is None else base64.b64encode(target.change.old).decode("ascii"),
        }
        for target in targets
    ]
    new = os.path.join(state, JOURNAL + ".new")
    _put(new, json.dumps({"version": 1, "entries": entries}).encode(), None)
    os.replace(new, os.path.join(state, JOURNAL))
    _sync_folders([state])


def _carry_out(root: str, state: str, targets: list[_Target]) -> None:
    """The renames. A failure undoes them; an interrupt lets them finish and is then passed on."""
    entries = _entries(state)
    try:
        _finish(state, entries)
    except OSError as error:
        place = _blame(root, error)
        try:
            _undo(state, entries)
        except OSError as second:
            hint = "the journal is kept: mend the cause and run fi-bump check --fix"
            raise FileError(f"cannot be put back: {second}", place=place, hint=hint) from None
        raise _failed(place, error) from None
    except BaseException:
        _finish(state, entries)
        raise


def _entries(state: str) -> list[dict[str, Any]]:
    path = os.path.join(state, JOURNAL)
    try:
        with open(path, "rb") as stream:
            entries: list[dict[str, Any]] = json.load(stream)["entries"]
            return entries
    except (ValueError, KeyError, TypeError):
        hint = "compare the files with git, then remove it"
        raise FileError("the journal cannot be read", place=path, hint=hint) from None


def _finish(state: str, entries: list[dict[str, Any]]) -> None:
    """Rename what is not renamed yet; may be called again after any part of it."""
    for entry in entries:
        if os.path.lexists(entry["temporary"]) and _hash(_read(entry["real"])) == entry["old"]:
            os.replace(entry["temporary"], entry["real"])
    _clean(state, entries)


def _undo(state: str, entries: list[dict[str, Any]]) -> None:
    """Put the old bytes back where the new ones stand."""
    for entry in reversed(entries):
        if _hash(_read(entry["real"])) != entry["new"] or entry["old"] == entry["new"]:
            continue
        if entry["old-data"] is None:
            os.unlink(entry["real"])
            continue
        attributes = os.stat(entry["real"])
        _remove(entry["temporary"])
        _put(entry["temporary"], base64.b64decode(entry["old-data"]), attributes)
        os.replace(entry["temporary"], entry["real"])
    _clean(state, entries)


def _clean(state: str, entries: list[dict[str, Any]]) -> None:
    """With every target at its end, drop the rest; the journal goes when all of it is on disk."""
    for entry in entries:
        _remove(entry["temporary"])
    _sync_folders([os.path.dirname(entry["real"]) for entry in entries])
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(state, JOURNAL))
    _remove(os.path.join(state, INTENT))
    # All is done and on disk. A journal that comes back after a power cut names finished work only, so no error here.
    with contextlib.suppress(OSError):
        _sync_folders([state])


def recover(root: str) -> Recovery | None:
    """Finish or undo what a killed run left; None when there is nothing. To be called inside `exclusive`.

    Raises FileError, with the journal kept, when somebody changed a target since.
    """
    state = state_folder(root)
    if not os.path.exists(os.path.join(state, JOURNAL)):
        return _recover_intent(state)
    entries = _entries(state)
    paths = tuple(entry["path"] for entry in entries)
    now = {entry["path"]: _hash(_read(entry["real"])) for entry in entries}
    foreign = [entry["path"] for entry in entries if now[entry["path"]] not in (entry["old"], entry["new"])]
    if foreign:
        hint = f"restore it, or remove {os.path.join(state, JOURNAL)} to keep things as they are"
        raise FileError("changed since a fi-bump was interrupted; its journal is kept", place=foreign[0], hint=hint)
    ready = all(
        now[entry["path"]] == entry["new"] or _hash(_read(entry["temporary"])) == entry["new"] for entry in entries
    )
    try:
        (_finish if ready else _undo)(state, entries)
    except OSError as error:
        raise _failed(_blame(root, error), error) from None
    return Recovery("finished" if ready else "undone", paths)


def _recover_intent(state: str) -> Recovery | None:
    path = os.path.join(state, INTENT)
    if not os.path.exists(path):
        return None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError), open(path, "rb") as stream:
        for temporary in json.load(stream)["temporaries"]:
            if ".fi-bump-" in os.path.basename(temporary):
                _remove(temporary)
    _remove(os.path.join(state, JOURNAL + ".new"))
    _remove(path)
    return Recovery("undone", ())
