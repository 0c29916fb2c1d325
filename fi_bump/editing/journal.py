"""The journal of a change: its content, and how to finish or undo the change that it describes.

Every function may run again after any part of it has run, so that a killed run can be recovered.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fi_bump import errors
from fi_bump.boundary.inside import Boundary, inside
from fi_bump.boundary.reading import read_regular
from fi_bump.editing import history
from fi_bump.editing.contents import digest
from fi_bump.errors import FileError
from fi_bump.state import INTENT, JOURNAL
from fi_bump.user_files import write_new

MARK = ".fi-bump-"
NOTHING_CHANGED = "nothing was changed; fix the cause and run again"
JOURNAL_KEPT = "the journal is kept; fix the cause, then run fi-bump check --fix"


class JournalEntry(NamedTuple):
    """One file of a change: its path as the caller gives it, the real file, the file with the new bytes, both hashes.

    `old` and `old_data` are None if the file is new, `new` if it is removed. The journal contains the old bytes so that
    the change can be undone. `mode` are the permissions of a file that is removed.
    """

    path: str
    real: str
    temporary: str
    old: str | None
    new: str | None
    old_data: bytes | None
    mode: int | None = None


def explained(place: str, hint: str = NOTHING_CHANGED, what: str = "cannot be written") -> errors.explained:
    """Turn the system's errors into a FileError at `place` that says what became of the change."""
    return errors.explained(place, what, hint)


def read(path: str) -> bytes | None:
    """Return the file's bytes, or None if there is no file."""
    try:
        return read_regular(path)
    except FileNotFoundError:
        return None


def sync_folders(folders: Iterable[str]) -> None:
    """Write the entries of these folders to disk."""
    for folder in sorted(set(folders)):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: str) -> bool:
    """Try to delete a file; return whether it is gone."""
    try:
        os.unlink(path)
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return True


def note_intent(top: str, state: str, temporaries: Iterable[str]) -> None:
    """Record which temporary files are about to be made, so that a killed run leaves none that nobody knows of."""
    names = [os.path.relpath(temporary, top) for temporary in temporaries]
    write_new(os.path.join(state, INTENT), json.dumps({"version": 1, "temporaries": names}).encode(), private=True)
    sync_folders([state])
    # The folder itself may be new, and so may the one that it is in (`.git/fi-bump`).
    parent = os.path.dirname(state)
    sync_folders([parent, os.path.dirname(parent)] if os.path.basename(parent) == "fi-bump" else [parent])


def drop_intent(top: str, state: str) -> bool:
    """Remove the temporary files that a run recorded and left; return whether there was a record."""
    note = os.path.join(state, INTENT)
    with explained(note):
        data = read(note)
    if data is None:
        return False
    names: list[str] = []
    # An unreadable record was cut off while it was written, before any temporary file was made.
    with contextlib.suppress(ValueError, KeyError, TypeError):
        names = [str(name) for name in json.loads(data)["temporaries"]]
    for name in names:
        path = os.path.join(top, name)
        if MARK in os.path.basename(path) and inside(top, os.path.realpath(os.path.dirname(path))) and not remove(path):
            message = "cannot be removed: an interrupted fi-bump left this temporary file"
            raise FileError(message, place=name, hint=NOTHING_CHANGED)
    remove(os.path.join(state, JOURNAL + ".new"))
    remove(history.staged(state))
    remove(note)
    return True


def discard(state: str, temporaries: Sequence[str]) -> None:
    """Remove the temporary files of an undecided change; the record keeps those that remain, for the next run."""
    names = [*temporaries, history.staged(state), os.path.join(state, JOURNAL + ".new"), os.path.join(state, JOURNAL)]
    left = [path for path in names if not remove(path)]
    if not left:
        remove(os.path.join(state, INTENT))


def put_journal(top: str, state: str, entries: Sequence[JournalEntry]) -> None:
    """Write the journal, which decides the change: when this returns, a kill can no longer lose the change."""
    records = [
        {
            "path": entry.path,
            # Relative, so that a repository that was moved or mounted elsewhere can still be recovered.
            "real": os.path.relpath(entry.real, top),
            "temporary": os.path.basename(entry.temporary),
            "old": entry.old,
            "new": entry.new,
            "mode": entry.mode,
            "old-data": None if entry.old_data is None else base64.b64encode(entry.old_data).decode("ascii"),
        }
        for entry in entries
    ]
    new = os.path.join(state, JOURNAL + ".new")
    write_new(new, json.dumps({"version": 1, "entries": records}).encode(), private=True)
    os.replace(new, os.path.join(state, JOURNAL))
    sync_folders([state])


def load_journal(top: str, state: str) -> list[JournalEntry]:
    """Return the entries of a journal. Raises FileError if it is broken or names a file outside `top`."""
    path = os.path.join(state, JOURNAL)
    try:
        with explained(path, JOURNAL_KEPT, "cannot be read"):
            document = json.loads(read(path) or b"")
        entries = [_entry(top, record) for record in document["entries"]]
    except (ValueError, KeyError, TypeError):
        hint = "compare the files with git, then remove it"
        raise FileError("the journal cannot be read", place=path, hint=hint) from None
    for entry in entries:
        # Without .git the journal is in the tree itself, which may come from anywhere: it must not cause writes
        # elsewhere.
        if not inside(top, entry.real) or os.path.realpath(entry.real) != entry.real or _foreign(top, entry.real):
            hint = f"restore it, or remove {path} to keep the files as they are"
            raise FileError("is in the journal but is not a file of this repository", place=entry.path, hint=hint)
    return entries


def _foreign(top: str, real: str) -> bool:
    """Whether fi-bump never writes this file below `top`: in .git, for example, or in an environment."""
    path = os.path.relpath(real, top).replace(os.sep, "/")
    return Boundary(top).refusal(path) is not None


def _entry(top: str, record: dict[str, Any]) -> JournalEntry:
    path, real, temporary, new, old = (record[key] for key in ("path", "real", "temporary", "new", "old"))
    if path is None or real is None or temporary is None or MARK not in temporary or os.sep in temporary:
        raise ValueError
    encoded = record["old-data"]
    old_data = None if encoded is None else base64.b64decode(encoded, validate=True)
    if digest(old_data) != old:
        raise ValueError
    real = os.path.normpath(os.path.join(top, real))
    return JournalEntry(
        path=path,
        real=real,
        temporary=os.path.join(os.path.dirname(real), temporary),
        old=old,
        new=new,
        old_data=old_data,
        mode=record.get("mode"),
    )


def finish(state: str, entries: Sequence[JournalEntry], hint: str = NOTHING_CHANGED) -> None:
    """Rename the remaining temporary files, in order. Raises FileError at a file that is neither old nor new."""
    for entry in entries:
        with explained(entry.path, hint):
            now = digest(read(entry.real))
            if now == entry.new:
                continue
            if now != entry.old:
                raise FileError("changed since it was read", place=entry.path, hint="nothing was changed; run again")
            if entry.new is None:
                os.replace(entry.real, entry.temporary)
            else:
                os.replace(entry.temporary, entry.real)
    _clean(state, entries, hint)
    # If it fails, the record stays staged, and the next change or `undo` gives it its name.
    with contextlib.suppress(OSError):
        history.adopt(state, finished=True)


def undo(state: str, entries: Sequence[JournalEntry]) -> None:
    """Restore the old bytes in every file that has the new ones; a file that somebody else changed stays as it is."""
    for entry in reversed(entries):
        with explained(entry.path, JOURNAL_KEPT, "cannot be restored"):
            if entry.old == entry.new or digest(read(entry.real)) != entry.new:
                continue
            if entry.old_data is None:
                os.unlink(entry.real)
                continue
            if entry.new is not None:
                attributes = os.stat(entry.real)
                remove(entry.temporary)
                write_new(entry.temporary, entry.old_data, attributes)
            elif not os.path.exists(entry.temporary):
                write_new(entry.temporary, entry.old_data)
                if entry.mode is not None:
                    os.chmod(entry.temporary, entry.mode)
            os.replace(entry.temporary, entry.real)
    remove(history.staged(state))
    _clean(state, entries, JOURNAL_KEPT)


def _clean(state: str, entries: Sequence[JournalEntry], hint: str) -> None:
    """Remove the temporary files; remove the journal once every target is on disk in its final state."""
    for entry in entries:
        is_gone = remove(entry.temporary)
        with explained(entry.path, hint):
            if not is_gone and entry.new is None:
                os.unlink(entry.temporary)  # A removed file must not stay under another name: raise the error.
            sync_folders([os.path.dirname(entry.real)])
    # The record goes first: a run that finds only the journal knows that the change was carried out.
    remove(os.path.join(state, INTENT))
    journal = os.path.join(state, JOURNAL)
    with explained(journal, hint), contextlib.suppress(FileNotFoundError):
        os.unlink(journal)
    # Everything is on disk. If a power cut brings the journal back, it names finished work only, so no error here.
    with contextlib.suppress(OSError):
        sync_folders([state])
