"""Recovery from the journal: a killed change is finished or undone, and a change that others made is kept."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from fi_bump.editing import recovery, write
from fi_bump.errors import FileError
from fi_bump.state import pending, state_folder
from tests.conftest import plant
from tests.editing.trees import contents, half_done
from tests.editing.write_faults import NAMES, NEW, OLD, changes, counted


def test_without_its_temporary_files_a_change_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    next((tmp_path / "sub").glob(".b.txt.*")).unlink()
    with write.exclusive(str(tmp_path)):
        assert recovery.recover(str(tmp_path)) == recovery.Recovery("undone", NAMES)
    assert contents(tmp_path) == OLD


def test_a_foreign_change_keeps_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    (tmp_path / "sub/c.txt").write_bytes(b"mine\n")
    with write.exclusive(str(tmp_path)), pytest.raises(FileError) as caught:
        recovery.recover(str(tmp_path))
    assert str(caught.value) == "sub/c.txt: changed after fi-bump was interrupted; the journal is kept"
    journal = os.path.join(state_folder(str(tmp_path)), "journal.json")
    assert caught.value.hint == f"restore it, or remove {journal} to keep the files as they are"
    assert pending(str(tmp_path))


def test_a_failed_rename_that_cannot_be_undone_keeps_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, OLD)

    def fail(number: int, name: str) -> None:
        if name == "replace" and (tmp_path / "a.txt").read_bytes() == NEW["a.txt"]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with counted(fail), pytest.raises(FileError) as caught:
        write.commit(str(tmp_path), changes())
    assert caught.value.hint == "the journal is kept; fix the cause, then run fi-bump check --fix"
    assert pending(str(tmp_path))
    with write.exclusive(str(tmp_path)):
        assert recovery.recover(str(tmp_path)) is not None
    assert contents(tmp_path) in (OLD, NEW)


def test_a_broken_journal_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    journal = os.path.join(state_folder(str(tmp_path)), "journal.json")
    Path(journal).write_bytes(b"{")
    with write.exclusive(str(tmp_path)), pytest.raises(FileError) as caught:
        recovery.recover(str(tmp_path))
    assert str(caught.value) == f"{journal}: the journal cannot be read"
