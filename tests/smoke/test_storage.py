"""Tests of the folders that `smoke` creates and locks in its cache."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from fi_bump.errors import FileError
from fi_bump.smoke import environment, storage
from fi_bump.smoke.environment import EnvironmentRequest, Maker


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


def test_a_lock_that_another_process_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "lock")
    monkeypatch.setattr(storage, "LONGEST_HELD", 0.3)
    with storage.exclusive(path):
        with pytest.raises(FileError) as caught, storage.exclusive(path):
            raise AssertionError("the block must not be entered")
        assert str(caught.value) == f"{path}: another process has held this lock for 0.005 minutes"
        assert caught.value.hint == f"find it with fuser -v '{path}', and end it if it hangs"
    with storage.exclusive(path):
        pass


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        pytest.raises(FileError, match="cannot be locked: no locks available"),
        storage.exclusive(str(tmp_path / "lock")),
    ):
        raise AssertionError("the block must not be entered")


def test_a_fresh_folder_is_another_each_time(tmp_path: Path) -> None:
    made = {storage.fresh_folder(storage.folder(str(tmp_path), "runs"), "kit-1.0") for _ in range(3)}
    assert len(made) == 3
    assert all(os.path.basename(path).startswith("kit-1.0-") for path in made)


def test_new_folders_are_private_whatever_the_mask(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    mask = os.umask(0)
    try:
        storage.folder(str(tmp_path), "a", "b", "c")
        fresh = storage.fresh_folder(storage.folder(str(tmp_path), "runs"), "kit")
    finally:
        os.umask(mask)
    made = [tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/c", tmp_path / "runs", Path(fresh)]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700] * 5


@pytest.mark.parametrize(
    ("folder", "mode", "message"),
    [
        ("cache", 0o777, "can be changed by others, who could plant programs in it"),
        ("cache", 0o1777, "can be changed by others, who could plant programs in it"),
        ("", 0o777, "is in {root}, where others can replace it"),
        ("", 0o1777, None),
        ("", 0o755, None),
        ("cache", 0o755, None),
    ],
)
def test_a_folder_that_others_can_change(tmp_path: Path, folder: str, mode: int, message: str | None) -> None:
    root = tmp_path / "root"
    (root / "cache").mkdir(parents=True)
    (root / folder).chmod(mode)
    if message is None:
        assert storage.folder(str(root), "cache") == str(root / "cache")
        return
    with pytest.raises(FileError) as caught:
        storage.folder(str(root), "cache")
    assert caught.value.message == message.format(root=root)


@pytest.mark.parametrize(
    ("trusted", "folder", "message"),
    [
        ("volume", "volume/cache", None),
        ("link", "volume/cache", None),
        ("volume", "volume/open/cache", "is in {root}/volume/open, where others can replace it"),
        ("volume", "volume", "can be changed by others, who could plant programs in it"),
        ("elsewhere", "volume/cache", "is in {root}/volume, where others can replace it"),
        ("vol", "volume/cache", "is in {root}/volume, where others can replace it"),
        ("", "volume/cache", "is in {root}/volume, where others can replace it"),
    ],
)
def test_a_volume_that_is_trusted(
    trusted: str, folder: str, message: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "volume/open").mkdir(parents=True)
    (tmp_path / "link").symlink_to("volume")
    # As a volume of a pod with fsGroup.
    (tmp_path / "volume").chmod(0o2777)
    (tmp_path / "volume/open").chmod(0o777)
    monkeypatch.setenv("FI_BUMP_TRUSTED_FOLDER", str(tmp_path / trusted) if trusted else "")
    if message is None:
        assert storage.folder(str(tmp_path), folder) == str(tmp_path / folder)
        return
    with pytest.raises(FileError) as caught:
        storage.folder(str(tmp_path), folder)
    assert caught.value.message == message.format(root=tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders of others")
@pytest.mark.parametrize(
    ("folder", "uid", "gid", "mode", "message"),
    [
        ("root/cache", 1234, 0, 0o755, "belongs to another user, who could plant programs in it"),
        ("root", 1234, 0, 0o755, "is in {root}, where others can replace it"),
        ("root/cache", 0, 1234, 0o770, "can be changed by others, who could plant programs in it"),
        ("root", 0, 1234, 0o770, "is in {root}, where others can replace it"),
        ("root/cache", 0, 0, 0o770, None),
    ],
)
def test_a_folder_of_another_user_or_group(
    tmp_path: Path, folder: str, uid: int, gid: int, mode: int, message: str | None
) -> None:
    root = tmp_path / "root"
    (root / "cache").mkdir(parents=True)
    os.chown(tmp_path / folder, uid, gid)
    (tmp_path / folder).chmod(mode)
    if message is None:
        storage.refuse_shared(str(root / "cache"))
        return
    with pytest.raises(FileError) as caught:
        storage.folder(str(root), "cache")
    assert caught.value.message == message.format(root=root)


def test_a_link_to_a_folder_of_others_is_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs").chmod(0o777)
    (tmp_path / "mine").symlink_to("theirs")
    with pytest.raises(FileError, match="can be changed by others"):
        storage.folder(str(tmp_path), "mine")


def test_a_link_that_moves_after_the_check_changes_nothing(tmp_path: Path) -> None:
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("mine")
    kept = storage.folder(str(tmp_path), "link", "environments")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("theirs")
    assert kept == str(tmp_path / "mine/environments")
    assert storage.folder(kept, "key") == str(tmp_path / "mine/environments/key")
    assert list((tmp_path / "theirs").iterdir()) == []


def test_no_planted_environment_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = EnvironmentRequest(("kit==1.0",))
    monkeypatch.setattr(environment, "_key", lambda request: "key")
    home = tmp_path / "cache/environments/key"
    home.mkdir(parents=True)
    (home / "ready.json").write_text("{}")
    assert Maker(str(tmp_path / "cache")).make(wanted) == str(home / "bin/python")
    for folder in (home, home.parent, home.parent.parent):
        folder.chmod(0o777)
        with pytest.raises(FileError, match="others"):
            Maker(str(tmp_path / "cache")).make(wanted)
        folder.chmod(0o755)
