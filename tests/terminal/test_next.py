"""The next sensible command: one line on a terminal, and never anything in a pipe or in JSON."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NEW, Run, plant

SMOKE = "next: run fi-bump smoke on a GPU"
INIT = "next: run fi-bump check, which a pre-commit hook can do too: fi-bump template pre-commit --write"


def on_terminal(root: Path, *arguments: str) -> list[str]:
    """Return what a terminal shows of a command that asks no index."""
    outer, inner = os.openpty()
    environment = {**os.environ, "FI_BUMP_OFFLINE": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "fi_bump", "-C", str(root), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=inner, stderr=inner, env=environment)
    os.close(inner)
    shown = b""
    try:
        while piece := os.read(outer, 4096):
            shown += piece
    except OSError:  # Linux answers so when the last writer is gone.
        pass
    process.wait()
    os.close(outer)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()


@pytest.mark.slow
def test_after_init_and_set(bare: Path, run: Run) -> None:
    assert on_terminal(bare, "init")[-1] == INIT
    assert on_terminal(bare, "set", NEW)[-1] == SMOKE
    assert "next: " not in run(bare, "init", "--force").out
    assert "next: " not in run(bare, "set", "0.6.9").out


@pytest.mark.slow
def test_pins_that_disagree_have_their_own_remedy(bare: Path) -> None:
    path = bare / "docker/Dockerfile"
    path.write_bytes(path.read_bytes().replace(b"0.6.8.post1", b"0.6.7"))
    shown = on_terminal(bare, "init")
    assert any(line.startswith("help: run fi-bump check --fix to move 1 pin") for line in shown)
    assert not any(line.startswith("next: ") for line in shown)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("set", NEW, "--dry-run"), ("set", NEW, "--pr-body", "-")])
def test_a_patch_and_a_body_stay_alone(engine: Path, arguments: tuple[str, ...]) -> None:
    subprocess.run(["git", "init", "-q", str(engine)], check=True)
    assert not any(line.startswith("next: ") for line in on_terminal(engine, *arguments))


@pytest.mark.slow
def test_a_group_without_probes_is_checked(tmp_path: Path) -> None:
    plant(tmp_path, {"requirements.txt": b"numpy==1.26.0\n"})
    on_terminal(tmp_path, "init", "--group", "numpy", "--package", "numpy")
    assert on_terminal(tmp_path, "set", "1.26.4")[-1] == "next: run fi-bump check"
