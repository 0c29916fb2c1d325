"""Without `--fix`, `check` changes no file of the repository: no byte, no time, no mode, and nothing is made or removed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import LOCK, TREE, Run, plant
from tests.editing.trees import half_done

CASES = Path(__file__).parents[1] / "forms/cases"
FORMATS = ("text", "json", "github", "gitlab", "junit", "markdown", "sarif")
COMMANDS = [
    ("check",),
    ("check",),  # with the cache of the first
    ("check", "--cold"),
    ("check", "--diff"),
    ("check", "--mentions"),
    ("check", "requirements"),
    ("check", "--online"),
    *(("check", "--format", form) for form in FORMATS),
]
# Times long ago: whatever writes to a file or makes one in a folder sets a new one, also within one tick of the clock.
LONG_AGO = 1_000_000_000


def state(root: Path) -> dict[str, tuple[object, ...]]:
    """Return all that can be seen of every file, folder and link: whoever writes and restores the time changes st_ctime."""
    found: dict[str, tuple[object, ...]] = {}
    for path in (root, *root.rglob("*")):
        now = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        link = os.readlink(path) if path.is_symlink() else ""
        seen = (now.st_mode, now.st_uid, now.st_gid, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
        found[str(path.relative_to(root))] = (data, link, *seen)
    return found


def in_step(root: Path) -> None:
    plant(root, {**TREE, "versions.lock.json": LOCK})


def drifted(root: Path) -> None:
    in_step(root)
    path = root / "requirements/cuda.txt"
    path.write_bytes(path.read_bytes().replace(b"cubin==0.6.8.post1", b"cubin==0.6.7"))


def in_git(root: Path) -> None:
    drifted(root)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)


def interrupted(root: Path) -> None:
    in_step(root)
    shutil.copytree(root, root / "copy")
    (root / "copy/versions.lock.json").unlink()
    with pytest.MonkeyPatch.context() as patch:
        half_done(root, patch)


def broken_lock(root: Path) -> None:
    plant(root, {**TREE, "versions.lock.json": b"{"})


def unreadable(root: Path) -> None:
    plant(root, {**TREE, "versions.lock.json": LOCK, "pyproject.toml": b"flashinfer-python [[[ =\n"})
    (root / "docker/link").symlink_to("/etc/passwd")
    os.mkfifo(root / "requirements/pipe.txt")


def of_case(name: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        shutil.copytree(CASES / name / "tree", root)
        plant(root, {"versions.lock.json": LOCK})

    return make


TREES = {
    **{each.__name__: each for each in (in_step, drifted, in_git, interrupted, broken_lock, unreadable)},
    **{
        name: of_case(name) for name in ("A3-compiled-with-hashes", "F2-workflow-input", "L-lock-files", "T8-notebooks")
    },
}


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("is_read_only", [False, True], ids=["", "read-only"])
def test_check_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, name: str, is_read_only: bool
) -> None:
    monkeypatch.delenv("FI_BUMP_NO_CACHE")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "tree"
    TREES[name](root)
    for path in (*root.rglob("*"), root):
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
        if is_read_only and not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    before = state(root)
    codes = set()
    for command in COMMANDS:
        codes.add(run(root, *command).code)
        assert state(root) == before, command
    assert codes <= {0, 1, 2, 3}
    # It does write its cache, elsewhere.
    assert name != "in_step" or (tmp_path / "cache/fi-bump/checks").is_dir()


def test_the_comparison_sees_a_file_that_was_written_and_restored(tmp_path: Path) -> None:
    in_step(tmp_path)
    path = tmp_path / "docker/Dockerfile"
    os.utime(path, (LONG_AGO, LONG_AGO))
    before = state(tmp_path)
    data = path.read_bytes()
    while path.stat().st_ctime_ns == before["docker/Dockerfile"][-1]:
        path.write_bytes(data)
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert {key for key, seen in state(tmp_path).items() if before[key] != seen} == {"docker/Dockerfile"}
