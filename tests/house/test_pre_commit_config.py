"""The hooks of this repository, run by the real pre-commit in a scratch copy of what they look at."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stories.test_precommit import git, pre_commit

TOP = Path(__file__).parents[2]
CONFIG = ".pre-commit-config.yaml"
COPIED = (CONFIG, "versions.lock.json", "pyproject.toml", "docker", "requirements", "fi_bump/errors.py")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A git repository with the files that the hooks look at and the environment that they run."""
    root = tmp_path / "copy"
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (TOP / name).is_dir() else shutil.copy)(TOP / name, root / name)
    (root / ".gitignore").write_text(".venv\n")
    (root / ".venv").mkdir()
    (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    git(root, "init")
    git(root, "add", "-A")
    return root


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Each hook's name and how it ended."""
    lines = [line for line in done.stdout.split("\n") if line.endswith(("Passed", "Failed", "Skipped"))]
    return {line.partition("..")[0]: line[-6:].strip(".") for line in lines}


def hooks() -> list[dict[str, Any]]:
    (source,) = yaml.safe_load((TOP / CONFIG).read_text())["repos"]
    assert source["repo"] == "local"
    return list(source["hooks"])


@pytest.mark.slow
def test_what_is_committed_passes(copy: Path) -> None:
    done = pre_commit(copy, "run", "--all-files")
    assert outcomes(done) == {"fi-bump check": "Passed", "ruff check": "Passed", "ruff format": "Passed"}
    assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "old", "new", "failing"),
    [
        ("docker/Dockerfile", "ARG FLASHINFER_VERSION=", "ARG FLASHINFER_VERSION=0.0.1 # ", "fi-bump check"),
        ("fi_bump/errors.py", "from __future__ import annotations\n", "import os\n", "ruff check"),
        ("fi_bump/errors.py", "class FiBumpError(", "class FiBumpError( ", "ruff format"),
    ],
)
def test_the_hook_fails(copy: Path, path: str, old: str, new: str, failing: str) -> None:
    text = (copy / path).read_text()
    assert old in text
    (copy / path).write_text(text.replace(old, new, 1))
    git(copy, "add", "-A")
    done = pre_commit(copy, "run")
    assert outcomes(done)[failing] == "Failed", done.stdout
    assert done.returncode == 1


def test_the_pins_are_checked_by_the_hook_that_others_use() -> None:
    (published, _) = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())
    ours = hooks()[0]
    same = ("id", "name", "description", "pass_filenames")
    assert {key: ours[key] for key in same} == {key: published[key] for key in same}
    assert ours["entry"] == f".venv/bin/{published['entry']}"


def test_the_tools_are_those_of_the_environment() -> None:
    # No hook is fetched from another host, so the versions are those that pyproject.toml pins.
    assert {hook["language"] for hook in hooks()} == {"system"}
    assert {hook["entry"].partition(" ")[0] for hook in hooks()} == {".venv/bin/fi-bump", ".venv/bin/ruff"}
