"""The journal's contents and how it is played forward or back, over the few disk operations the writer needs.

Every function may be called again after any part of it has run: that is what makes a killed run recoverable.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence

from fi_bump import errors
from fi_bump.errors import FileError
from fi_bump.records import NamedTuple
from fi_bump.state import INTENT, JOURNAL
from fi_bump.user_files import write_new

MARK = ".fi-bump-"
UNCHANGED = "nothing was changed; mend it and run again"
KEPT = "the journal is kept: mend the cause and run fi-bump check --fix"


class JournalEntry(NamedTuple):
    """One file of a change: `path` as the caller names it, the real file, the new bytes beside it, both hashes.

    `old` and `old_data` are None when the file is new. The old bytes are in the journal so that it can be undone.
    """

    path: str
    real: str
    temporary: str
    old: str | None
    new: str | None
    old_data: bytes | None


def explained(place: str, hint: str = UNCHANGED, what: str = "cannot be written") -> errors.explained:
    """Turn the system's errors into a FileError at `place` that says what became of the change."""
    return errors.explained(place, what, hint)


def inside(top: str, path: str) -> bool:
    """Whether a real path is `top`, itself a real path, or below it."""
    return os.path.commonpath((top, path)) == top


def read(path: str) -> bytes | None:
    """The file's bytes; None when there is none."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def digest(data: bytes | None) -> str | None:
    """The hash of the bytes; None for no file."""
    return None if data is None else hashlib.sha256(data).hexdigest()


def sync_folders(folders: Iterable[str]) -> None:
    """Bring the names in these folders to disk."""
    for folder in sorted(set(folders)):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: str) -> bool:
    """Try to delete; whether the path is gone now."""
    try:
        os.unlink(path)
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return True


def note_intent(top: str, state: str, temporaries: Iterable[str]) -> None:
    """Say which temporary files are about to be made, so that a kill leaves none that nobody knows."""
    names = [os.path.relpath(temporary, top) for temporary in temporaries]
    write_new(os.path.join(state, INTENT), json.dumps({"version": 1, "temporaries": names}).encode(), private=True)
    sync_folders([state])


def drop_intent(top: str, state: str) -> bool:
    """Remove the temporary files that a run noted and left; whether there was a note."""
    note = os.path.join(state, INTENT)
    with explained(note):
        data = read(note)
    if data is None:
        return False
    names: list[str] = []
    # A note that cannot be read was cut off while it was written: before any temporary file was made.
    with contextlib.suppress(ValueError, KeyError, TypeError):
        names = [str(name) for name in json.loads(data)["temporaries"]]
    for name in names:
        path = os.path.join(top, name)
        if MARK in os.path.basename(path) and inside(top, os.path.realpath(os.path.dirname(path))) and not remove(path):
            raise FileError("a temporary file of an interrupted fi-bump cannot be removed", place=name, hint=UNCHANGED)
    remove(os.path.join(state, JOURNAL + ".new"))
    remove(note)
    return True


def discard(state: str, temporaries: Sequence[str]) -> None:
    """Take back what was prepared; what cannot be removed now stays named in the intent for the next run."""
    names = [*temporaries, os.path.join(state, JOURNAL + ".new"), os.path.join(state, JOURNAL)]
    left = [path for path in names if not remove(path)]
    if not left:
        remove(os.path.join(state, INTENT))


def put_journal(top: str, state: str, entries: Sequence[JournalEntry]) -> None:
    """Decide the change: when this returns, a kill can no longer lose it."""
    records = [
        {
            "path": entry.path,
            # Relative, so that a repository that was moved (or is mounted elsewhere) can still be recovered.
            "real": os.path.relpath(entry.real, top),
            "temporary": os.path.basename(entry.temporary),
            "old": entry.old,
            "new": entry.new,
            "old-data": None if entry.old_data is None else base64.b64encode(entry.old_data).decode("ascii"),
        }
        for entry in entries
    ]
    new = os.path.join(state, JOURNAL + ".new")
    write_new(new, json.dumps({"version": 1, "entries": records}).encode(), private=True)
    os.replace(new, os.path.join(state, JOURNAL))
    sync_folders([state])


def load_journal(top: str, state: str) -> list[JournalEntry]:
    """The entries of a journal that was left. Raises FileError when it is broken or names a file outside `top`."""
    path = os.path.join(state, JOURNAL)
    try:
        with explained(path, KEPT, "cannot be read"):
            document = json.loads(read(path) or b"")
        entries = [_entry(top, record) for record in document["entries"]]
    except (ValueError, KeyError, TypeError):
        hint = "compare the files with git, then remove it"
        raise FileError("the journal cannot be read", place=path, hint=hint) from None
    for entry in entries:
        # Without .git the journal lies in the tree itself, which may come from anywhere: it must not write elsewhere.
        if not inside(top, entry.real) or os.path.realpath(entry.real) != entry.real:
            hint = f"restore it, or remove {path} to keep things as they are"
            raise FileError("is in the journal, but no file of this repository", place=entry.path, hint=hint)
    return entries


def _entry(top: str, record: dict[str, str | None]) -> JournalEntry:
    path, real, temporary, new, old = (record[key] for key in ("path", "real", "temporary", "new", "old"))
    if path is None or real is None or temporary is None or MARK not in temporary or os.sep in temporary:
        raise ValueError
    encoded = record["old-data"]
    old_data = None if encoded is None else base64.b64decode(encoded, validate=True)
    if digest(old_data) != old:
        raise ValueError
    real = os.path.normpath(os.path.join(top, real))
    return JournalEntry(path, real, os.path.join(os.path.dirname(real), temporary), old, new, old_data)


def finish(state: str, entries: Sequence[JournalEntry], hint: str = UNCHANGED) -> None:
    """Rename what is not renamed yet, in order. Raises FileError at a file that is neither old nor new."""
    for entry in entries:
        with explained(entry.path, hint):
            now = digest(read(entry.real))
            if now == entry.new:
                continue
            if now != entry.old:
                raise FileError("changed since it was read", place=entry.path, hint="nothing was changed; run again")
            os.replace(entry.temporary, entry.real)
    _clean(state, entries, hint)


def undo(state: str, entries: Sequence[JournalEntry]) -> None:
    """Put the old bytes back where the new ones stand; a file that somebody else changed meanwhile is theirs."""
    for entry in reversed(entries):
        with explained(entry.path, KEPT, "cannot be put back"):
            if entry.old == entry.new or digest(read(entry.real)) != entry.new:
                continue
            if entry.old_data is None:
                os.unlink(entry.real)
                continue
            attributes = os.stat(entry.real)
            remove(entry.temporary)
            write_new(entry.temporary, entry.old_data, attributes)
            os.replace(entry.temporary, entry.real)
    _clean(state, entries, KEPT)


def _clean(state: str, entries: Sequence[JournalEntry], hint: str) -> None:
    """With every target at its end, drop the rest; the journal goes when all of it is on disk."""
    for entry in entries:
        remove(entry.temporary)
        with explained(entry.path, hint):
            sync_folders([os.path.dirname(entry.real)])
    # The note first: the journal alone tells a run that was killed here that the change was carried out.
    remove(os.path.join(state, INTENT))
    journal = os.path.join(state, JOURNAL)
    with explained(journal, hint), contextlib.suppress(FileNotFoundError):
        os.unlink(journal)
    # All is done and on disk. A journal that comes back after a power cut names finished work only, so no error here.
    with contextlib.suppress(OSError):
        sync_folders([state])
