"""The order in which a change reaches the disk: after a power cut at any point, the next run can finish or undo it.

Each event is a file that was made, a file or folder whose content was synced, a rename, or a removal. A folder must be
synced after a file in it was made, renamed or removed, and before the next step relies on that.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fi_bump.editing import recovery, write
from fi_bump.errors import FileError
from tests.conftest import plant
from tests.editing.trees import half_done
from tests.editing.write_faults import OLD, changes

MARK = re.compile(r"\.fi-bump-[0-9a-f]+-[0-9a-f]+-\d+$")


@contextlib.contextmanager
def recorded(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Record what reaches the disk below `root`, with temporary files written as `tmp:NAME`."""
    events: list[str] = []
    open_, fsync, replace, unlink = os.open, os.fsync, os.replace, os.unlink
    opened: dict[int, str] = {}

    def name(path: str) -> str:
        folder, base = os.path.split(os.path.relpath(path, root))
        if MARK.search(base):
            base = "tmp:" + MARK.sub("", base)[1:]
        return os.path.join(folder, base)

    def traced_open(path: str, flags: int, mode: int = 0o777) -> int:
        descriptor = open_(path, flags, mode)
        opened[descriptor] = name(path)
        if flags & os.O_EXCL:
            events.append(f"make {name(path)}")
        return descriptor

    def traced_fsync(descriptor: int) -> None:
        fsync(descriptor)
        events.append(f"sync {opened[descriptor]}")

    def traced_replace(source: str, target: str) -> None:
        replace(source, target)
        events.append(f"rename {name(target)}")

    def traced_unlink(path: str) -> None:
        unlink(path)
        events.append(f"remove {name(path)}")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", traced_open)
        patch.setattr(os, "fsync", traced_fsync)
        patch.setattr(os, "replace", traced_replace)
        patch.setattr(os, "unlink", traced_unlink)
        yield events


ORDER = """\
make STATE/intent.json
sync STATE/intent.json
sync STATE
ABOVE
make tmp:a.txt
sync tmp:a.txt
make sub/tmp:b.txt
sync sub/tmp:b.txt
make sub/tmp:c.txt
sync sub/tmp:c.txt
make tmp:versions.lock.json
sync tmp:versions.lock.json
sync .
sync sub
sync sub
sync .
make STATE/journal.json.new
sync STATE/journal.json.new
rename STATE/journal.json
sync STATE
rename a.txt
rename sub/b.txt
rename sub/c.txt
rename versions.lock.json
sync .
sync sub
sync sub
sync .
remove STATE/intent.json
remove STATE/journal.json
sync STATE
remove STATE/lock"""


def order(state: str, above: list[str]) -> list[str]:
    """Return the events of a whole change, with the state in the folder `state` and new folders in those `above`."""
    return ORDER.replace("ABOVE", "\n".join(f"sync {each}" for each in above)).replace("STATE", state).split("\n")


def test_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, OLD)
    with recorded(tmp_path, monkeypatch) as events:
        write.commit(str(tmp_path), changes())
    assert events == order(".fi-bump", ["."])


def test_a_change_in_a_git_work_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, OLD)
    (tmp_path / ".git").mkdir()
    with recorded(tmp_path, monkeypatch) as events:
        write.commit(str(tmp_path), changes())
    wanted = order(".git/fi-bump/root", [".git", ".git/fi-bump"])
    # The record for `undo` is on disk before the first file is made, and gets its name when the change is on disk.
    staged = [f"{event} .git/fi-bump/root/undo.json.new" for event in ("make", "sync")]
    at = wanted.index("make tmp:a.txt")
    assert events == [*wanted[:at], *staged, *wanted[at:-1], "rename .git/fi-bump/root/undo-000000001.json", wanted[-1]]


FINISHED = """\
rename sub/b.txt
rename sub/c.txt
rename versions.lock.json
sync .
sync sub
sync sub
sync .
remove .fi-bump/intent.json
remove .fi-bump/journal.json
sync .fi-bump
remove .fi-bump/lock"""
# The old bytes are on disk before they have their name again.
RESTORED = """\
make tmp:a.txt
sync tmp:a.txt
rename a.txt
sync .
sync sub
remove sub/tmp:c.txt
sync sub
remove tmp:versions.lock.json
sync .
remove .fi-bump/intent.json
remove .fi-bump/journal.json
sync .fi-bump
remove .fi-bump/lock"""


def test_a_recovery_that_finishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    with recorded(tmp_path, monkeypatch) as events, write.exclusive(str(tmp_path)):
        recovery.recover(str(tmp_path))
    assert events == FINISHED.split("\n")


def test_a_recovery_that_undoes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(tmp_path, monkeypatch)
    next((tmp_path / "sub").glob(".b.txt.*")).unlink()
    with recorded(tmp_path, monkeypatch) as events, write.exclusive(str(tmp_path)):
        recovery.recover(str(tmp_path))
    assert events == RESTORED.split("\n")


def test_a_failed_rename_is_undone_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, OLD)
    real = os.replace

    def fail(source: str, target: str) -> None:
        if target.endswith("c.txt"):
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with recorded(tmp_path, monkeypatch) as events, pytest.raises(FileError):
        write.commit(str(tmp_path), changes())
    undone = events[events.index("rename sub/b.txt") + 1 :]
    assert undone == ["make sub/tmp:b.txt", "sync sub/tmp:b.txt", "rename sub/b.txt", *RESTORED.split("\n")]
