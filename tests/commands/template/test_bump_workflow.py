"""Tests that run the scripts of github-bump as a runner does: real git, a local index, and a fake gh that records calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fi_bump.report.markdown_escape import plain
from tests.commands.pr_body.conftest import MOVES
from tests.commands.template.test_validators import scripts, written
from tests.conftest import GIT_SETTINGS, NEW, OLD, TREE, UNKNOWN, Run, plant
from tests.conftest import LOCK as ONE
from tests.index.server import Index, Package, running, wheel
from tests.stories.test_precommit import git

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq, which GitHub's runners have, is not here")

# Variables of this shell that would change what git and fi-bump do.
LEFT_OUT = ("FI_BUMP", "GIT_", "PIP_", "UV_")
GH = """#!/bin/sh
# Records its arguments, one per line, and the body of a pull request. Lists the content of $GH_LIST, as gh with jq does.
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
SUMMARY = "5 pins in 4 files, in step; no conflicts, 2 notes; nothing else to look at; smoke not run"
KNOWN = (
    f"flashinfer-python {NEW} has a known fault on sm_103: serving gpt-oss is slower than with 0.6.8.post1 "
    "(https://github.com/vllm-project/vllm/issues/44808)"
)
WRONG = (
    f"flashinfer-python {NEW} has a known fault on sm_90: the MoE of bf16 with MXFP4 gives wrong tokens now and then while "
    "other kernels run at the same time; 0.6.18 is the next good release"
)
BODY = f"""\
## flashinfer {OLD} -> {NEW}

{SUMMARY}

{MOVES}
### Releases of flashinfer on the way

| release | uploaded |
| --- | --- |
| [{NEW}]({PAGE}{NEW}) | 2026-05-01 |

### Audit

- `requirements/cuda.txt:5`: note: {plain(KNOWN)}
- `requirements/cuda.txt:5`: note: {plain(WRONG)}

### Not run

- {plain(UNKNOWN)}
- smoke of `flashinfer`: not run; run `fi-bump smoke --group flashinfer --output smoke.json` on a GPU
"""


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with NEW of flashinfer-python and flashinfer-cubin, and a newer release of flashinfer-python only."""
    with running() as started:
        Package("flashinfer-python", {each: wheel("flashinfer-python", each) for each in (OLD, NEW, "0.6.14")}).serve(
            started
        )
        Package("flashinfer-cubin", {each: wheel("flashinfer-cubin", each) for each in (OLD, NEW)}).serve(started)
        yield started


class Runner:
    """A runner's folders and variables: a clone of a remote repository with the lock, and fi-bump on PATH."""

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
        """Run one step's script as GitHub does, and return its output."""
        command = ["bash", "-e", "-c", script]
        environment = {**self.environment, **variables}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def other_job(self) -> None:
        """Make another checkout of the commit of this run."""
        git(self.root, "switch", "main")
        git(self.root, "reset", "--hard", "origin/main")

    def asked(self) -> list[list[str]]:
        """Return the calls of gh since the last time, each as a list of words."""
        text = self.log.read_text() if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return [each.split("\n") for each in text.removesuffix("\n\n").split("\n\n") if each]


BRANCH, TITLE = f"fi-bump/flashinfer-{NEW}", f"flashinfer {OLD} -> {NEW}"
JQ = "map(select(.isCrossRepository | not)) | length"
LIST = ["pr", "list", "--head", BRANCH, "--state", "all", "--json", "isCrossRepository", "--jq", JQ]
SETUP = ["auth", "setup-git"]
CREATE = ["pr", "create", "--base", "main", "--head", BRANCH, "--title", TITLE, "--body-file"]


@pytest.mark.slow
def test_from_the_newest_version_to_the_pull_request(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    install, latest, move, push = scripts(written(runner.root, run, "github-bump"))
    shutil.rmtree(runner.root / ".github")
    assert install.startswith("python -m pip install")
    runner.step(latest)
    assert runner.output.read_text() == f"version={NEW}\n"
    runner.step(move, VERSION=NEW)
    create = [*CREATE, str(runner.temporary / "proposal/body.md")]
    # At first, Actions may not open pull requests: the branch is pushed and the run fails.
    runner.other_job()
    runner.step(push, code=1, GH_REFUSES="yes")
    assert runner.asked() == [LIST, SETUP, create]
    head = subprocess.run(["git", "rev-parse", BRANCH], cwd=runner.remote, capture_output=True, text=True).stdout
    # The next run opens the pull request; one from a fork's branch of the same name does not count.
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
    # A third run finds the pull request and does nothing.
    runner.listed.write_text('[{"isCrossRepository": false}]')
    runner.other_job()
    assert runner.step(push) == f"{BRANCH} is proposed already\n"
    assert runner.asked() == [LIST]
    # If gh fails, the run fails: no answer does not mean that there is no pull request.
    runner.listed.unlink()
    runner.step(push, code=2)
    assert runner.asked() == [LIST]


@pytest.mark.slow
def test_nothing_is_proposed_where_nothing_is_newer(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    _, latest, move, push = scripts(written(runner.root, run, "github-bump"))
    runner.step(move, VERSION=NEW)
    runner.step(latest)
    assert runner.output.read_text() == "version=\n"
    shutil.rmtree(runner.temporary / "proposal")
    assert runner.step(push) == "nothing is proposed\n"
    assert runner.asked() == []


@pytest.mark.slow
def test_the_index_of_another_group_is_not_asked(tmp_path: Path, index: Index, run: Run) -> None:
    runner = Runner(tmp_path, index)
    lock = runner.root / "versions.lock.json"
    broken = b'"other": {"version": "1.0", "packages": {"other": {"index": "http://127.0.0.1:9/"}}},\n    "flashinfer"'
    lock.write_bytes(lock.read_bytes().replace(b'"flashinfer"', broken, 1))
    latest = scripts(written(runner.root, run, "github-bump"))[1]
    runner.step(latest)
    assert runner.output.read_text() == f"version={NEW}\n"
