"""Files that fi-bump writes for the user: whole or not at all, with their modes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fi_bump import user_files
from fi_bump.errors import FileError


def test_a_new_file(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        user_files.put(str(tmp_path / "a"), b"one")
    finally:
        os.umask(old)
    assert ((tmp_path / "a").read_bytes(), stat.S_IMODE((tmp_path / "a").stat().st_mode)) == (b"one", 0o640)


def test_an_existing_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
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


def test_a_path_that_is_not_a_regular_file_is_written_directly(tmp_path: Path) -> None:
    user_files.put(os.devnull, b"gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (".", "cannot be written: it is a folder", None),
        ("none/a.json", "cannot be written: its folder does not exist", "make the folder {}/none"),
    ],
)
def test_an_unwritable_place_is_refused(tmp_path: Path, name: str, message: str, hint: str | None) -> None:
    path = str(tmp_path / name)
    with pytest.raises(FileError) as caught:
        user_files.refuse_unwritable(path)
    assert (str(caught.value), caught.value.hint) == (f"{path}: {message}", hint and hint.format(tmp_path))


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path))
    with pytest.raises(FileError) as caught:
        user_files.refuse_unwritable(str(tmp_path / "a"))
    assert caught.value.message == "cannot be written: permission denied"
    (tmp_path / "b").touch()
    user_files.refuse_unwritable(str(tmp_path / "b"))


@pytest.mark.parametrize("call", ["open", "write", "replace"])
def test_replacing_leaves_no_temporary_file_whatever_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")

    def broken(*arguments: object, **options: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, call, broken)
    with pytest.raises(OSError, match="Input/output error"):
        user_files.replace(str(path), b"new", private=True, sync=False)
    monkeypatch.undo()
    assert (os.listdir(tmp_path), path.read_bytes()) == (["kept"], b"old")


def test_only_the_user_can_read_a_private_file(tmp_path: Path) -> None:
    user_files.replace(str(tmp_path / "kept"), b"new", private=True)
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o600


def test_a_new_file_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("elsewhere")
    with pytest.raises(FileExistsError):
        user_files.write_new(str(tmp_path / "a"), b"new")
    assert not (tmp_path / "elsewhere").exists()


def test_an_owner_that_only_root_can_set_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(0o604)
    attributes = os.stat(tmp_path / "old")

    def refused(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refused)
    monkeypatch.setattr(os, "geteuid", lambda: attributes.st_uid + 1)
    user_files.write_new(str(tmp_path / "new"), b"new", attributes)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


@pytest.mark.parametrize("name", ["versions.lock.json", "link", "below/../versions.lock.json"])
def test_a_report_never_replaces_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "versions.lock.json").write_bytes(b"{}")
    (tmp_path / "link").symlink_to("versions.lock.json")
    with pytest.raises(FileError) as caught:
        user_files.refuse_unwritable(name)
    assert (str(caught.value), caught.value.hint) == (f"{name}: cannot be written: it is a lock", "name another file")


def test_a_name_with_a_nul() -> None:
    with pytest.raises(FileError) as caught:
        user_files.refuse_unwritable("a\0b")
    assert caught.value.message == "cannot be written: no file has a NUL in its name"
