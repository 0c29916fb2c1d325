"""Branches of vLLM itself: two of them bump to two releases, and one command resolves the merge."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run, snapshot
from tests.sdists import unpacked
from tests.stories.test_vllm import FILES

pytestmark = pytest.mark.network


def git(root: Path, *arguments: str, code: int = 0) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "gc.auto=0")
    done = subprocess.run(["git", *settings, *arguments], cwd=root, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """vLLM 0.21.0 as a git repository with one commit, without a lock. Tests work in clones of it."""
    root = tmp_path_factory.mktemp("vllm") / "vllm"
    shutil.copytree(unpacked("vllm", "0.21.0"), root, symlinks=True)
    git(root, "init", "--quiet", "-b", "main")
    git(root, "add", "-A", "-f")
    git(root, "commit", "--quiet", "-m", "vLLM 0.21.0")
    return root


@pytest.fixture
def clone(vllm: Path, tmp_path: Path, run: Run) -> Path:
    """A clone with a lock."""
    root = tmp_path / "vllm"
    git(tmp_path, "clone", "--quiet", str(vllm), str(root))
    assert run(root, "init").code == 0
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "a lock")
    return root


def bump(root: Path, run: Run, version: str) -> dict[str, tuple[bytes, int]]:
    """Move the pins on a branch of that name, commit, and return the files."""
    git(root, "switch", "--quiet", "-c", version, "main")
    assert run(root, "set", version).code == 0
    git(root, "commit", "--quiet", "-am", f"flashinfer {version}")
    return files(root)


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    return {path: each for path, each in snapshot(root).items() if not path.startswith(".git/")}


@pytest.mark.parametrize(
    ("options", "version"), [(["--newest"], "0.6.12"), (["--ours"], "0.6.11.post2"), (["--theirs"], "0.6.12")]
)
def test_a_merge_of_two_releases(clone: Path, run: Run, options: list[str], version: str) -> None:
    as_set = {each: bump(clone, run, each) for each in ("0.6.12", "0.6.11.post2")}
    git(clone, "merge", "0.6.12", code=1)
    unmerged = git(clone, "diff", "--name-only", "--diff-filter=U").split()
    assert unmerged == [*FILES, "versions.lock.json"]
    assert len(unmerged) == 5
    assert run(clone, "check").code == 1

    assert run(clone, "resolve").code == 1
    assert run(clone, "resolve", *options).code == 0
    assert files(clone) == as_set[version]
    assert git(clone, "diff", "--name-only") == ""
    git(clone, "commit", "--quiet", "--no-edit")
    assert run(clone, "check") == (0, f"flashinfer {version}: 5 pins in 4 files, in step\n", "")


def test_branches_without_a_checkout(clone: Path, run: Run) -> None:
    bump(clone, run, "0.6.12")
    git(clone, "switch", "--quiet", "main")
    done = run(clone, "fleet", "--refs", "main", "0.6.*", "--exit-code")
    assert done.code == 1
    commits = {name: git(clone, "rev-parse", name)[:9] for name in ("main", "0.6.12")}
    rows = [line.split() for line in done.out.split("\n")[1:3]]
    assert [(row[0], row[1], *row[3:]) for row in rows] == [
        ("main", commits["main"], "flashinfer", "0.6.8.post1", "in", "step", "0.6.12", "in", "0.6.12"),
        ("0.6.12", commits["0.6.12"], "flashinfer", "0.6.12", "in", "step"),
    ]
    assert run(clone, "status", "--ref", "main") == run(clone, "status")
