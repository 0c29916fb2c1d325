"""The scripts of github-bump, run as a runner runs them: real git, a local index, and a gh that notes what it was told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.template.test_validators import scripts, written
from tests.conftest import GIT_SETTINGS, NEW, OLD, TREE, Run, plant
from tests.conftest import LOCK as ONE
from tests.index.server import Index, Package, running, wheel
from tests.stories.test_precommit import git

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq, which GitHub's runners have, is not here")

# Settings of this shell that would reach git and fi-bump.
LEFT_OUT = ("FI_BUMP", "GIT_", "PIP_", "UV_")
GH = """#!/bin/sh
# Notes its arguments, a line each, and the body of a pull request. Lists what $GH_LIST holds, as gh and its jq do.
for argument; do echo "$argument" >> "$GH_LOG"; done
echo >> "$GH_LOG"
command="$1 $2"
while [ $# -gt 0 ]; do
  if [ "$1" = --body-file ]; then cp "$2" "$GH_LOG.body"; fi
  if [ "$1" = --jq ]; then jq "$2" "$GH_LIST" || exit; fi
  shift
done
if [ "$command" = "pr create" ] && [ -n "$GH_REFUSES" ]; then exit 1; fi
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
        self.listed = folder / "gh.list"
        self.listed.write_text("[]")
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
            **GIT_SETTINGS,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PIP_INDEX_URL": f"{index.url}/simple",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "GROUP": "flashinfer",
            "BASE": "main",
            "GH_LOG": str(self.log),
            "GH_LIST": str(self.listed),
            "GH_REFUSES": "",
            "GITHUB_OUTPUT": str(self.output),
            "RUNNER_TEMP": str(self.temporary),
        }

    def step(self, script: str, code: int = 0, **variables: str) -> str:
        """Run one step's script as GitHub runs it, and return what it printed."""
        command = ["bash", "-e", "-c", script]
        environment = {**self.environment, **variables}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def other_job(self) -> None:
        """Another checkout of the commit that the run is of."""
        git(self.root, "switch", "main")
        git(self.root, "reset", "--hard", "origin/main")

    def asked(self) -> list[list[str]]:
        """What gh was asked since the last look, a list of words each."""
        text = self.log.read_text() if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return [each.split("\n") for each in text.removesuffix("\n\n").split("\n\n") if each]


BRANCH, TITLE = f"fi-bump/flashinfer-{NEW}", f"flashinfer {OLD} -> {NEW}"
JQ = "map(select(.isCrossRepository | not)) | length"
LIST = ["pr", "list", "--head", BRANCH, "--state", "all", "--json", "isCrossRepository", "--jq", JQ]
SETUP = ["auth", "setup-git"]
CREATE = ["pr", "create", "--base", "main", "--head", BRANCH, "--title", TITLE, "--body-file"]


def test_from_the_newest_version_to_the_pull_request(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    install, latest, move, push = scripts(written(runner.root, run, "github-bump"))
    shutil.rmtree(runner.root / ".github")
    assert install.startswith("python -m pip install")
    runner.step(latest)
    assert runner.output.read_text() == f"version={NEW}\n"
    runner.step(move, VERSION=NEW)
    create = [*CREATE, str(runner.temporary / "proposal/body.md")]
    # The first time Actions may not open pull requests: the branch is there, and the run is red.
    runner.other_job()
    runner.step(push, code=1, GH_REFUSES="yes")
    assert runner.asked() == [LIST, SETUP, create]
    head = subprocess.run(["git", "rev-parse", BRANCH], cwd=runner.remote, capture_output=True, text=True).stdout
    # The next time it is opened; a fork's branch of that name is nobody's answer.
    runner.listed.write_text('[{"isCrossRepository": true}]')
    runner.other_job()
    runner.step(push)
    assert runner.asked() == [LIST, SETUP, create]
    assert Path(f"{runner.log}.body").read_text() == BODY
    pushed = subprocess.run(
        ["git", "show", "--format=%H%n%an%n%B%x00", "--name-only", BRANCH],
        cwd=runner.remote,
        capture_output=True,
        text=True,
    )
    files = [*sorted(TREE), "versions.lock.json"]
    message, _, names = pushed.stdout.partition("\0")
    assert message.split("\n")[:5] == [head.strip(), "github-actions[bot]", TITLE, "", SUMMARY]
    assert names.strip().split("\n") == files
    # Again: it is proposed already.
    runner.listed.write_text('[{"isCrossRepository": false}]')
    runner.other_job()
    assert runner.step(push) == f"{BRANCH} is proposed already\n"
    assert runner.asked() == [LIST]
    # What gh cannot tell is not taken for an answer.
    runner.listed.unlink()
    runner.step(push, code=2)
    assert runner.asked() == [LIST]


def test_nothing_is_proposed_where_nothing_is_newer(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    _, latest, move, push = scripts(written(runner.root, run, "github-bump"))
    runner.step(move, VERSION=NEW)
    runner.step(latest)
    assert runner.output.read_text() == "version=\n"
    shutil.rmtree(runner.temporary / "proposal")
    assert runner.step(push) == "nothing is proposed\n"
    assert runner.asked() == []


def test_the_index_of_another_group_is_not_asked(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    lock = runner.root / "versions.lock.json"
    broken = b'"other": {"version": "1.0", "packages": {"other": {"index": "http://127.0.0.1:9/"}}},\n    "flashinfer"'
    lock.write_bytes(lock.read_bytes().replace(b'"flashinfer"', broken, 1))
    latest = scripts(written(runner.root, run, "github-bump"))[1]
    runner.step(latest)
    assert runner.output.read_text() == f"version={NEW}\n"
