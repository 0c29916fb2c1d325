"""The scripts of github-bump, run as a runner runs them: real git, a local index, and a gh that notes what it was told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LOCK as ONE
from tests.conftest import NEW, OLD, TREE, Run, plant
from tests.index.server import Index, Package, running, wheel
from tests.templates.test_validators import scripts, written
from tests.test_precommit import git

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq, which GitHub's runners have, is not here")

# Settings of this shell that would reach git and fi-bump.
LEFT_OUT = ("FI_BUMP", "GIT_", "PIP_", "UV_")
GH = """#!/bin/sh
# Notes its arguments, a line each, and the body of a pull request.
for argument; do echo "$argument" >> "$GH_LOG"; done
echo >> "$GH_LOG"
while [ $# -gt 0 ]; do
  if [ "$1" = --body-file ]; then cp "$2" "$GH_LOG.body"; fi
  shift
done
"""
PAGE = "https://github.com/flashinfer-ai/flashinfer/releases/tag/v"
BODY = f"""\
## flashinfer {OLD} -> {NEW}

5 pins in 4 files, in step; no conflicts; nothing else to look at; smoke not run

### What moves

| place | pin | from | to |
| --- | --- | --- | --- |
| `docker/Dockerfile:3` | `FLASHINFER_VERSION` | {OLD} | {NEW} |
| `docker/Dockerfile.nightly:2` | `github.com/flashinfer-ai/flashinfer` | {OLD} | {NEW} |
| `docker/versions.json:5` | `FLASHINFER_VERSION` | {OLD} | {NEW} |
| `requirements/cuda.txt:5` | `flashinfer-python` | {OLD} | {NEW} |
| `requirements/cuda.txt:6` | `flashinfer-cubin` | {OLD} | {NEW} |

### Releases of flashinfer on the way

| release | uploaded |
| --- | --- |
| [{NEW}]({PAGE}{NEW}) | 2026-05-01 |

### Audit

- no conflicts

### Not run

- `flashinfer-jit-cache` is not on the index, and no requirement pins it: not asked about
- smoke of `flashinfer`: not run; run `fi-bump smoke --group flashinfer --output smoke.json` on a GPU
"""
SUMMARY = "5 pins in 4 files, in step; no conflicts; nothing else to look at; smoke not run"


@pytest.fixture
def index() -> Iterator[Index]:
    """An index on which python and cubin have NEW, and python alone something newer."""
    with running() as started:
        Package("flashinfer-python", {each: wheel("flashinfer-python", each) for each in (OLD, NEW, "0.6.14")}).serve(
            started
        )
        Package("flashinfer-cubin", {each: wheel("flashinfer-cubin", each) for each in (OLD, NEW)}).serve(started)
        yield started


class Runner:
    """A runner's folders and variables: a clone of a remote repository that has the lock, and fi-bump on PATH."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.root = folder / "clone"
        self.remote = folder / "remote.git"
        self.temporary = folder / "temp"
        self.log = folder / "gh.log"
        self.output = folder / "output"
        programs = folder / "bin"
        fi_bump = f'#!/bin/sh\nexec {sys.executable} -m fi_bump "$@"\n'
        plant(programs, {"gh": GH.encode(), "fi-bump": fi_bump.encode()})
        for program in programs.iterdir():
            program.chmod(0o755)
        plant(self.root, {**TREE, "versions.lock.json": ONE})
        git(folder, "init", "--bare", str(self.remote))
        git(self.root, "init")
        git(self.root, "add", "-A")
        git(self.root, "commit", "-m", "tree")
        git(self.root, "remote", "add", "origin", str(self.remote))
        git(self.root, "push", "origin", "main")
        self.temporary.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PIP_INDEX_URL": f"{index.url}/simple",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "GROUP": "flashinfer",
            "BASE": "main",
            "GH_LOG": str(self.log),
            "GITHUB_OUTPUT": str(self.output),
            "RUNNER_TEMP": str(self.temporary),
        }

    def step(self, script: str, **variables: str) -> str:
        """Run one step's script as GitHub runs it, and return what it printed."""
        command = ["bash", "-e", "-c", script]
        environment = {**self.environment, **variables}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_from_the_newest_version_to_the_pull_request(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    install, latest, move, push = scripts(written(runner.root, run, "github-bump"))
    shutil.rmtree(runner.root / ".github")
    assert install.startswith("python -m pip install")
    runner.step(latest)
    assert runner.output.read_text() == f"version={NEW}\n"
    runner.step(move, VERSION=NEW)
    # The other job: another checkout, and the artifact.
    git(runner.root, "reset", "--hard", "HEAD~1")
    (runner.temporary / "proposals").mkdir()
    (runner.temporary / "proposal").rename(runner.temporary / "proposals/fi-bump-flashinfer")
    runner.step(push)
    branch, title = f"fi-bump/flashinfer-{NEW}", f"flashinfer {OLD} -> {NEW}"
    asked = ["pr", "create", "--base", "main", "--head", branch, "--title", title, "--body-file"]
    body = runner.temporary / "proposals/fi-bump-flashinfer/body.md"
    assert runner.log.read_text() == "\n".join(["auth", "setup-git", "", *asked, str(body), "", ""])
    assert Path(f"{runner.log}.body").read_text() == BODY
    pushed = subprocess.run(
        ["git", "show", "--format=%an%n%B%x00", "--name-only", branch],
        cwd=runner.remote,
        capture_output=True,
        text=True,
    )
    files = [*sorted(TREE), "versions.lock.json"]
    message, _, names = pushed.stdout.partition("\0")
    assert message.split("\n")[:4] == ["github-actions[bot]", title, "", SUMMARY]
    assert names.strip().split("\n") == files
    # Again: it is proposed already.
    runner.log.unlink()
    git(runner.root, "switch", "main")
    assert f"{branch} is proposed already\n" in runner.step(push)
    assert runner.log.read_text() == "auth\nsetup-git\n\n"


def test_nothing_is_proposed_where_nothing_is_newer(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    _, latest, *_, push = scripts(written(runner.root, run, "github-bump"))
    # No member of this group is behind.
    runner.step(latest, GROUP="other")
    assert runner.output.read_text() == "version=\n"
    runner.step(push)
    assert runner.log.read_text() == "auth\nsetup-git\n\n"
