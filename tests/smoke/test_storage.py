"""Tests of the folders that `smoke` creates and locks in its cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fi_bump.errors import FileError
from fi_bump.smoke import storage


def test_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert storage.cache_folder("mine") == str(tmp_path / "mine")
    assert storage.cache_folder(None) == str(tmp_path / "xdg" / "fi-bump")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert storage.cache_folder(None) == str(tmp_path / ".cache" / "fi-bump")


def test_folders_and_locks_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError) as caught:
        storage.folder(str(tmp_path), "file", "x")
    assert str(caught.value) == f"{tmp_path / 'file' / 'x'}: cannot be created: not a directory"
    with pytest.raises(FileError) as caught, storage.exclusive(str(tmp_path / "none" / "lock")):
        raise AssertionError("the block must not be entered")
    assert caught.value.message == "cannot be written: no such file or directory"
    storage.drop(str(tmp_path / "none"))


def test_a_fresh_folder_is_another_each_time(tmp_path: Path) -> None:
    made = {storage.fresh_folder(str(tmp_path), "runs", "kit-1.0") for _ in range(3)}
    assert len(made) == 3
    assert all(os.path.basename(path).startswith("kit-1.0-") for path in made)
