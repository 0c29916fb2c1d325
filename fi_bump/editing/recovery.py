"""What happens to the change of a fi-bump that was killed: it is finished or undone, from its journal."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from fi_bump.editing import history, journal
from fi_bump.editing.contents import digest
from fi_bump.editing.journal import explained
from fi_bump.editing.write import is_held, unbroken
from fi_bump.errors import FileError, InternalError
from fi_bump.state import JOURNAL, state_folder


class Recovery(NamedTuple):
    """What `recover` did with an interrupted run: `finished` or `undone`, and the files."""

    outcome: str
    paths: tuple[str, ...]


def recover(root: str) -> Recovery | None:
    """Finish or undo the change of a killed run; return None if there is none. Call it inside `exclusive`.

    Raises FileError, and keeps the journal, if somebody changed a target in the meantime.
    """
    state, top = state_folder(root), os.path.realpath(root)
    if not is_held(state):
        raise InternalError("recovery was tried without the write lock")
    if not os.path.exists(os.path.join(state, JOURNAL)):
        if journal.drop_intent(top, state):
            return Recovery("undone", ())
        # The change is complete, and only its record for `undo` did not get its name.
        with contextlib.suppress(OSError):
            history.adopt(state)
        return None
    entries = journal.load_journal(top, state)
    foreign, ready = [], True
    for entry in entries:
        with explained(entry.path, journal.JOURNAL_KEPT, "cannot be read"):
            now = digest(journal.read(entry.real))
            ready = ready and entry.new in (now, digest(journal.read(entry.temporary)))
        if now not in (entry.old, entry.new):
            foreign.append(entry.path)
    if foreign:
        what = "it" if len(foreign) == 1 else "them"
        hint = f"restore {what}, or remove {os.path.join(state, JOURNAL)} to keep the files as they are"
        message = "changed after fi-bump was interrupted; the journal is kept"
        raise FileError(message, place=", ".join(foreign), hint=hint)
    with unbroken():
        if ready:
            journal.finish(state, entries, journal.JOURNAL_KEPT)
        else:
            journal.undo(state, entries)
    return Recovery("finished" if ready else "undone", tuple(entry.path for entry in entries))
