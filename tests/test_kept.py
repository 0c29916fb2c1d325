"""What a check keeps of a tree: never another answer than a look at every file, and quiet about its own troubles."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump import check, files, kept
from fi_bump.lock import load
from fi_bump.scan import watch_names
from tests.conftest import LOCK, OLD, TREE, plant

IN_STEP = b"flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n"
LATER = 10 * 1_000_000_000


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine in step, whose files count as old, with a cache of its own."""
    monkeypatch.delenv("FI_BUMP_NO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "time_ns", lambda: time.time_ns() + LATER)
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK, "src/a.py": b"x = '1.0'\n", "src/b.py": b"import flashinfer\n"})
    return root


def look(root: Path) -> int:
    return check.run(check.Options(str(root)))


def test_a_tree_in_step_is_recalled(tree: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert kept.recall(str(tree)) is None
    assert look(tree) == 0
    assert capfdbinary.readouterr().out == IN_STEP
    assert kept.recall(str(tree)) == IN_STEP
    assert kept.recall(str(tree / ".." / "engine")) == IN_STEP


def test_files_that_say_nothing_are_not_read_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    read: list[str] = []
    real = files.read

    def spy(root: str, path: str) -> Any:
        read.append(path)
        return real(root, path)

    monkeypatch.setattr("fi_bump.files.read", spy)
    (tree / "src/b.py").write_bytes(b"import torch\n")
    assert look(tree) == 0
    assert sorted(read) == [
        "docker/Dockerfile",
        "docker/Dockerfile.nightly",
        "docker/versions.json",
        "requirements/cuda.txt",
        "src/b.py",
        "versions.lock.json",
    ]


def edit(root: Path) -> None:
    path = root / "docker/Dockerfile"
    path.write_bytes(path.read_bytes().replace(OLD.encode(), b"0.6.8.post2"))


def edit_with_its_old_time(root: Path) -> None:
    path = root / "docker/Dockerfile"
    before = path.stat()
    edit(root)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(root: Path) -> None:
    new = root / "new"
    new.write_bytes((root / "docker/Dockerfile").read_bytes().replace(OLD.encode(), b"0.6.8.post2"))
    new.rename(root / "docker/Dockerfile")


def lock_only(root: Path) -> None:
    (root / "versions.lock.json").write_bytes(LOCK.replace(OLD.encode(), b"0.6.8.post2"))


def add(root: Path) -> None:
    plant(root, {"src/deep/requirements.txt": b"flashinfer-python==0.6.1\n"})


def remove(root: Path) -> None:
    (root / "requirements/cuda.txt").unlink()


def move_folder(root: Path) -> None:
    (root / "docker").rename(root / "images")


def speak(root: Path) -> None:
    (root / "src/a.py").write_bytes(b"x = ['flashinfer-python==0.6.1']\n")


def journal(root: Path) -> None:
    (root / ".fi-bump").mkdir()
    (root / ".fi-bump" / "journal.json").write_bytes(b"{}")


def retarget(root: Path) -> None:
    outside = root.parent / "outside.txt"
    outside.write_bytes(b"flashinfer-python==0.6.1\n")
    (root / "src" / "requirements.txt").symlink_to(outside)


@pytest.mark.parametrize(
    "change", [edit, edit_with_its_old_time, swap, lock_only, add, remove, move_folder, speak, journal, retarget]
)
def test_every_change_is_seen(tree: Path, change: Any) -> None:
    assert look(tree) == 0
    change(tree)
    assert kept.recall(str(tree)) is None
    assert look(tree) == 1


def test_a_change_that_stays_in_step_gives_the_new_report(tree: Path) -> None:
    assert look(tree) == 0
    plant(tree, {"src/requirements.txt": b"flashinfer-python\n"})
    assert kept.recall(str(tree)) is None
    assert look(tree) == 0
    note = b"src/requirements.txt:1:1: note: flashinfer-python: names no version [unpinned]\n"
    assert kept.recall(str(tree)) == note + IN_STEP


def test_what_changed_just_now_is_not_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "time_ns", time.time_ns)
    assert look(tree) == 0
    assert kept.recall(str(tree)) is None
    watch = kept.Watch(str(tree), watch_names(load(LOCK)))
    assert not watch.is_quiet("src/a.py")


def test_drift_is_not_kept_as_an_answer(tree: Path) -> None:
    edit(tree)
    assert look(tree) == 1
    assert kept.recall(str(tree)) is None


def test_only_a_bare_check_is_kept(tree: Path) -> None:
    assert check.run(check.Options(str(tree), form="json")) == 0
    assert check.run(check.Options(str(tree), paths=("docker",))) == 0
    assert check.run(check.Options(str(tree), fix=True)) == 0
    assert kept.recall(str(tree)) is None


def test_another_fi_bump_looks_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tree) == 0
    monkeypatch.setattr(kept, "__version__", "99")
    assert kept.recall(str(tree)) is None
    assert not kept.Watch(str(tree), watch_names(load(LOCK))).is_quiet("src/a.py")


def test_other_names_make_other_files_speak(tree: Path) -> None:
    plant(tree, {"src/a.py": b"x = ['numpy==1.0']\n"})
    assert look(tree) == 0
    lock = LOCK.replace(b'"flashinfer-cubin": {}', b'"flashinfer-cubin": {},\n        "numpy": {}')
    assert lock != LOCK
    plant(tree, {"versions.lock.json": lock})
    assert look(tree) == 1


@pytest.mark.parametrize("data", [b"", b"x", b"\0\0\0\0", b"\0" * 100, marshal.dumps((1, 2))])
def test_a_broken_cache_is_none(tree: Path, tmp_path: Path, data: bytes) -> None:
    assert look(tree) == 0
    (file,) = (tmp_path / "cache/fi-bump/checks").iterdir()
    file.write_bytes(data)
    assert kept.recall(str(tree)) is None
    assert look(tree) == 0
    assert kept.recall(str(tree)) == IN_STEP


def test_a_cache_that_cannot_be_written_is_none(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file")
    assert look(tree) == 0
    assert kept.recall(str(tree)) is None


def test_it_can_be_turned_off(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FI_BUMP_NO_CACHE", "1")
    assert look(tree) == 0
    assert kept.recall(str(tree)) is None
    assert not (tmp_path / "cache").exists()


def test_trees_are_told_apart(tree: Path, tmp_path: Path) -> None:
    assert look(tree) == 0
    (file,) = (tmp_path / "cache/fi-bump/checks").iterdir()
    other = tmp_path / "other"
    shutil.copytree(tree, other)
    shutil.copy2(file, kept._file(str(other)) or "")
    assert kept.recall(str(other)) is None


def test_old_trees_are_forgotten(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache/fi-bump/checks"
    plant(folder, {"old": b"", "new": b""})
    os.utime(folder / "old", (1, 1))
    assert look(tree) == 0
    assert sorted(path.name for path in folder.iterdir() if len(path.name) < 10) == ["new"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["src/a.py", "src/b.py", "docker/Dockerfile", "requirements/cuda.txt", "new/requirements.txt"]),
        st.sampled_from([b"", b"flashinfer-python==0.6.8.post1\n", b"flashinfer-python==0.6.1\n", b"ARG X=1\n", None]),
        st.booleans(),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(steps=STEPS)
def test_the_answer_is_that_of_a_look_at_every_file(
    tree: Path, steps: list[tuple[str, bytes | None, bool]], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for path, data, checked in steps:
        if data is None:
            (tree / path).unlink(missing_ok=True)
        else:
            plant(tree, {path: data})
        if checked:
            report = kept.recall(str(tree))
            capfdbinary.readouterr()
            code = look(tree)
            quick = capfdbinary.readouterr().out
            os.environ["FI_BUMP_NO_CACHE"] = "1"
            try:
                assert look(tree) == code
            finally:
                del os.environ["FI_BUMP_NO_CACHE"]
            assert capfdbinary.readouterr().out == quick
            assert report in (None, quick)
            assert report is None or code == 0


def test_from_the_command_line(tmp_path: Path) -> None:
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "FI_BUMP_NO_CACHE": ""}
    command = [sys.executable, "-X", "importtime", "-m", "fi_bump", "-C", str(root), "check"]
    time.sleep(2.1)
    first, second = (subprocess.run(command, env=environment, capture_output=True) for _ in range(2))
    assert (first.returncode, first.stdout) == (second.returncode, second.stdout) == (0, IN_STEP)
    assert b"fi_bump.check\n" in first.stderr
    assert b"fi_bump.check\n" not in second.stderr
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as closed:
        assert closed.stdout is not None
        closed.stdout.close()
        assert closed.stderr is not None
        assert b"Traceback" not in closed.stderr.read()
    assert closed.returncode == 0
