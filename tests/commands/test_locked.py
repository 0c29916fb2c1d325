"""Test that every command that writes first locks, then recovers, and only then reads versions.lock.json."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fi_bump.commands.locked import locked_folder, locked_repository
from fi_bump.editing import journal
from fi_bump.errors import BusyError, LockError
from fi_bump.state import pending, state_folder
from tests.conftest import plant

LOCK = b'{"lock-version": 1, "groups": {"kit": {"version": "1.0", "packages": {"kit": {}}, "sites": []}}}'


def interrupt(root: Path) -> None:
    """Leave the files of a fi-bump that was killed before it wrote a temporary file."""
    state = state_folder(str(root))
    os.makedirs(state)
    journal.note_intent(str(root), state, [])


def test_the_repository_is_read_once_it_is_locked_and_recovered(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    plant(tmp_path, {"versions.lock.json": LOCK})
    interrupt(tmp_path)
    with locked_repository(str(tmp_path)) as repository:
        assert not pending(str(tmp_path))
        assert repository.lock_data == LOCK
        with pytest.raises(BusyError), locked_folder(str(tmp_path)):
            raise AssertionError("two have locked one repository")
    assert capsysbinary.readouterr().out == b"undone an interrupted fi-bump: no file was touched\n"


def test_a_report_for_programs_does_not_print_what_was_recovered(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    plant(tmp_path, {"versions.lock.json": LOCK})
    interrupt(tmp_path)
    with locked_repository(str(tmp_path), quiet=True):
        assert not pending(str(tmp_path))
    assert capsysbinary.readouterr().out == b""


def test_a_folder_without_a_lock_file_can_be_locked_but_is_no_repository(tmp_path: Path) -> None:
    with locked_folder(str(tmp_path)) as root:
        assert root == str(tmp_path)
    with pytest.raises(LockError), locked_repository(str(tmp_path)):
        raise AssertionError("there is no lock file")
    assert os.listdir(tmp_path) == []
