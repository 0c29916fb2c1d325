"""`fi-bump undo`: take back the last change that fi-bump wrote in this working tree."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from typing import Any, NamedTuple, TextIO

from fi_bump import state
from fi_bump.boundary.here import shown
from fi_bump.commands.locked import locked_folder
from fi_bump.editing import history, write
from fi_bump.editing.contents import digest
from fi_bump.editing.diff import unified
from fi_bump.editing.history import Record
from fi_bump.editing.taking_back import Touched, taken_back
from fi_bump.errors import Exit, FiBumpError, FileError, LockError, explained
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME
from fi_bump.report.finding_lines import count
from fi_bump.scanning import files
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say, write_patch

_BY_HAND = "nothing was changed; edit the lock by hand"
_STAGED = "note: git has the resolved files staged; to see their conflicts again, run git checkout --merge -- "


class UndoOptions(NamedTuple):
    """The options of `undo`. `listing` only lists the recorded changes; `dry_run` only prints a patch."""

    root: str
    listing: bool = False
    dry_run: bool = False


def run(options: UndoOptions) -> int:
    """Take back the last change and return 0; return 1, with nothing changed, if its lines were edited since.

    Raises FiBumpError if no change is recorded, or if the record does not belong to this checkout.
    """
    root = files.find_root(options.root)
    if options.listing:
        say(_list(root))
        return int(Exit.OK)
    if not options.dry_run:
        with locked_folder(root):
            return _undo(root)
    if state.pending(root):
        place = ", ".join(state.pending_paths(root)) or None
        raise FileError("an interrupted fi-bump left its journal", place=place, hint="run fi-bump check --fix")
    patch = sys.stdout
    patch.flush()
    with redirect_stdout(sys.stderr):
        return _undo(root, patch)


def _list(root: str) -> list[str]:
    found = [history.load(path) for path in history.records(state.state_folder(root))]
    if not found:
        raise _nothing(root)
    tell("records", lambda: [_fact(each) for each in found])
    width = max(len(each.command) for each in found)
    return [f"{each.when}  {each.command:{width}}  {_files(each)}" for each in found]


def _fact(record: Record) -> dict[str, Any]:
    files = None if record.files is None else [each.path for each in record.files]
    return {"when": record.when, "command": record.command, "files": files}


def _files(record: Record) -> str:
    return "too large to be recorded" if record.files is None else count(len(record.files), "file")


def _undo(root: str, patch: TextIO | None = None) -> int:
    """Take the last change back, or with `patch` write the patch to that stream and change no file."""
    record = _last(root)
    tell("record", lambda: _fact(record))
    about = f"{record.command} of {record.when}"
    if record.files is None:
        message = f"{about} changed too much to be recorded, so it cannot be taken back"
        raise FiBumpError(message, hint="compare the files with git: git diff")
    changes, touched = _changes(root, record)
    if touched:
        say([*touched, "nothing was changed", "help: take back your edits in these lines first, or edit them by hand"])
        return int(Exit.FINDINGS)
    if not changes:
        if patch is None:
            _forget(record)
        say([f"{about} is taken back already"])
        return int(Exit.OK)
    if patch is not None:
        write_patch(b"".join(unified(each.path, each.old or b"", each.new) for each in changes), patch)
        say([f"would take back {about}: {count(len(changes), 'file')}"])
        return int(Exit.OK)
    write.commit(root, changes, None)
    _forget(record)
    say(f"{'removed' if each.new is None else 'restored'} {shown(each.path)}" for each in changes)
    say([f"took back {about}: {count(len(changes), 'file')}"])
    if record.command == "resolve":
        say([_STAGED + " ".join(shown(each.path) for each in changes)])
    return int(Exit.OK)


def _last(root: str) -> Record:
    """Return the record of the last change. Raises FiBumpError without one, and for one of another checkout."""
    found = history.records(state.state_folder(root))
    if not found:
        raise _nothing(root)
    record = history.load(found[0])
    top = os.path.realpath(root)
    if record.root != top and record.inode != os.stat(top).st_ino:
        message = f"this record of a change is from another checkout, {record.root}"
        raise FileError(message, place=record.path, hint=f"run fi-bump -C {record.root} undo, or remove this file")
    return record


def _nothing(root: str) -> FiBumpError:
    if not history.is_kept(state.state_folder(root)):
        message = "fi-bump records its changes inside .git, and this folder is in no git work tree"
        return FiBumpError(message, place=shown("."), hint="restore the files from your own copy")
    return FiBumpError("fi-bump has recorded no change of this working tree", hint="see your own edits with git diff")


def _changes(root: str, record: Record) -> tuple[list[write.FileChange], list[str]]:
    """Return the changes that take a change back, and a line for each file whose lines were edited since."""
    changes, touched = [], []
    for each in record.files or ():
        source = files.read_optional(root, each.path)
        now = None if source is None else source.data
        try:
            back = taken_back(each, now)
        except Touched as error:
            if now is None:
                touched.append(f"{shown(each.path)}: this file was removed since {record.command}")
            else:
                touched.append(f"{shown(each.path)}:{error.line}: this line was edited since {record.command}")
            continue
        except ValueError:
            raise history.broken(record.path) from None
        if back == now:
            continue
        if each.path == LOCK_NAME and back is not None and digest(back) != each.old:
            _refuse_invalid(back)
        changes.append(write.FileChange(each.path, now, back))
    return changes, touched


def _refuse_invalid(data: bytes) -> None:
    """Raise LockError if the lock would be invalid with the change taken back and the edits since."""
    try:
        load(data)
    except LockError as error:
        message = f"with your edits since, the lock would be invalid: {error.message}"
        raise LockError(message, place=error.place or LOCK_NAME, hint=_BY_HAND) from None


def _forget(record: Record) -> None:
    with explained(record.path, "cannot be removed"):
        history.forget(record.path)
