"""What CONTRIBUTING.md says can be done: its commands exist, and its paths lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = (TOP / "CONTRIBUTING.md").read_text()
MAKEFILE = (TOP / "Makefile").read_text()
TESTS = [
    line.removeprefix(".venv/bin/python -m pytest ")
    for line in PAGE.split("\n")
    if line.startswith(".venv/bin/python -m pytest ")
]


def targets() -> set[str]:
    return {word for line in re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE) for word in line.split()}


def test_every_target_that_it_names_exists() -> None:
    named = {word for words in re.findall(r"`make ([a-z -]+)`", PAGE) for word in words.split()}
    assert named <= targets()
    assert targets() - named == {"demo", "clean"}


def test_every_target_has_a_rule() -> None:
    assert {name for name in targets() if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)} == set()


def test_every_path_that_it_names_exists() -> None:
    quoted = set(re.findall(r"`([\w.-]+/[\w./*-]*)`", PAGE)) | set(re.findall(r"\]\(([\w./-]+)\)", PAGE))
    # A name to fill in, the environment, and what a build makes.
    paths = {path for path in quoted if "NAME" not in path and not path.startswith((".venv/", "dist/"))}
    paths -= {"tree/", "after/"}  # in the folder of a case
    assert len(paths) > 15
    assert {path for path in paths if not list(TOP.glob(path))} == set()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", TESTS)
def test_every_command_that_it_shows_selects_tests(arguments: str) -> None:
    program = f"'{sys.executable}' -m pytest --collect-only -p no:cacheprovider {arguments}"
    done = subprocess.run(["sh", "-c", program], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_commands_to_show() -> None:
    assert len(TESTS) == 4


def test_ci_runs_what_it_promises() -> None:
    lines = (TOP / ".ci" / "run").read_text().split("\n")
    run = [line.removeprefix("make ") for line in lines if line.startswith("make ")]
    side_by_side = "--jobs=2 --output-sync=target lint types check docs lowest-quick fuzz FUZZ_INPUTS=40000 FUZZ_SEED=1"
    assert run == [".venv/installed", side_by_side, "network", "test"]
