"""The cache and the files that reports are left in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fi_bump import user_files
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


def test_a_new_file(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        user_files.put(str(tmp_path / "a"), b"one")
    finally:
        os.umask(old)
    assert ((tmp_path / "a").read_bytes(), stat.S_IMODE((tmp_path / "a").stat().st_mode)) == (b"one", 0o640)


def test_a_file_that_is_there_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"old")
    real.chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    user_files.put(str(tmp_path / "link"), b"new")
    assert (real.read_bytes(), stat.S_IMODE(real.stat().st_mode)) == (b"new", 0o600)
    assert (tmp_path / "link").is_symlink()


def test_a_failure_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError) as caught:
        user_files.put(str(path), b"new")
    assert str(caught.value) == f"{path}: cannot be written: no space left on device"
    assert os.listdir(tmp_path) == ["a"]
    assert path.read_bytes() == b"old"


def test_what_is_no_regular_file_is_written_as_it_is(tmp_path: Path) -> None:
    user_files.put(os.devnull, b"gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (".", "cannot be written: is a folder", None),
        ("none/a.json", "cannot be written: its folder does not exist", "make {}/none"),
    ],
)
def test_a_place_where_nothing_can_be_left(tmp_path: Path, name: str, message: str, hint: str | None) -> None:
    path = str(tmp_path / name)
    with pytest.raises(FileError) as caught:
        user_files.refuse_unwritable(path)
    assert (str(caught.value), caught.value.hint) == (f"{path}: {message}", hint and hint.format(tmp_path))


def test_a_folder_without_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path))
    with pytest.raises(FileError) as caught:
        user_files.refuse_unwritable(str(tmp_path / "a"))
    assert caught.value.message == "cannot be written: permission denied"
    (tmp_path / "b").touch()
    user_files.refuse_unwritable(str(tmp_path / "b"))


def test_folders_and_locks_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError) as caught:
        storage.folder(str(tmp_path), "file", "x")
    assert str(caught.value) == f"{tmp_path / 'file' / 'x'}: cannot be made: not a directory"
    with pytest.raises(FileError) as caught, storage.exclusive(str(tmp_path / "none" / "lock")):
        raise AssertionError("the block must not be entered")
    assert caught.value.message == "cannot be written: no such file or directory"
    storage.drop(str(tmp_path / "none"))


def test_a_fresh_folder_is_another_each_time(tmp_path: Path) -> None:
    made = {storage.fresh_folder(str(tmp_path), "runs", "kit-1.0") for _ in range(3)}
    assert len(made) == 3
    assert all(os.path.basename(path).startswith("kit-1.0-") for path in made)
