"""Test docs/fleet.md: its table is the output for its repos file, and its shell loop runs unchanged."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.fleet.conftest import text
from tests.conftest import NEW, OLD, Run, plant
from tests.stories.test_precommit import git

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs/fleet.md").read_text()
BLOCKS = re.findall("```(?:sh)?\n(.*?)```", PAGE, re.DOTALL)
# It reads its standard input, as ssh under `git push` does; the loop must not feed its paths to it.
GH = """#!/bin/sh
cat > /dev/null
{ pwd; for argument; do echo "$argument"; done; } >> "$GH_LOG"
while [ $# -gt 0 ]; do
  if [ "$1" = --body-file ]; then head -1 "$2" >> "$GH_LOG"; fi
  shift
done
"""


def test_the_table(tmp_path: Path, run: Run) -> None:
    _, repos, shown, *_ = BLOCKS
    for name in ("engine", "plugin", "kernels", "docs"):
        shutil.copytree(TOP / "examples/engine", tmp_path / name)
    run(tmp_path / "engine", "set", NEW)
    cuda = tmp_path / "plugin/requirements/cuda.txt"
    cuda.write_bytes(cuda.read_bytes().replace(f"cubin=={OLD}".encode(), b"cubin==0.6.6"))
    plant(tmp_path, {"kernels/versions.lock.json": b"{\n", "repos.txt": repos.encode()})
    (tmp_path / "docs/versions.lock.json").unlink()
    result = run(tmp_path, "fleet", "--repos", "repos.txt")
    assert f"$ fi-bump fleet --repos repos.txt\n{text(result)}" == shown


@pytest.mark.slow
def test_the_loop(tmp_path: Path) -> None:
    loop = next(block for block in BLOCKS if block.startswith("while read"))
    fi_bump = f'#!/bin/sh\nexec {sys.executable} -m fi_bump "$@"\n'
    plant(tmp_path / "bin", {"gh": GH.encode(), "fi-bump": fi_bump.encode()})
    for program in (tmp_path / "bin").iterdir():
        program.chmod(0o755)
    for name in ("one", "two"):
        git(tmp_path, "init", "-q", "--bare", f"{name}.git")
        shutil.copytree(TOP / "examples/engine", tmp_path / name)
        git(tmp_path / name, "init", "-q")
        git(tmp_path / name, "remote", "add", "origin", str(tmp_path / f"{name}.git"))
        git(tmp_path / name, "add", "-A")
        git(tmp_path / name, "commit", "-qm", "tree")
    plant(tmp_path, {"paths.txt": b"one\ntwo\n"})
    environment = {
        **os.environ,
        **{f"GIT_{who}_{what}": "t@x.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "FI_BUMP_OFFLINE": "1",
        "GH_LOG": str(tmp_path / "gh.log"),
    }
    command = ["sh", "-e", "-c", loop]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, input="")
    assert (done.returncode, done.stderr.count("fatal")) == (0, 0), done.stderr
    title = f"flashinfer {OLD} -> {NEW}"
    asked = ["pr", "create", "--title", title, "--body-file", f"{tmp_path}/body.md", f"## {title}"]
    noted = (tmp_path / "gh.log").read_text().split("\n")[:-1]
    assert noted == [str(tmp_path / "one"), *asked, str(tmp_path / "two"), *asked]
    log = ["git", "log", "--format=%s", f"fi-bump/{NEW}"]
    for name in ("one", "two"):
        pushed = subprocess.run(log, cwd=tmp_path / f"{name}.git", capture_output=True, text=True)
        assert pushed.stdout == f"{title}\ntree\n"
