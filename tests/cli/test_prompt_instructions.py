"""Test that what a shell waits for stays cheap, by counting machine instructions beyond those of Python's own start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commands.test_check_instructions import machine_instructions
from tests.conftest import LOCK, TREE, plant

# The console script without its file: `-m` would add the instructions of runpy.
START = "import sys\nsys.argv = ['fi-bump', {}]\nfrom fi_bump.__main__ import main\nmain()"


# The same with a terminal as standard output.
ON_TERMINAL = "import os, pty\nos.dup2(pty.openpty()[1], 1)\n" + START


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind counts the instructions")
def test_a_terminal_has_the_table_of_status_at_once(tmp_path: Path) -> None:
    root, code = tmp_path / "tree", tmp_path / "code"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    nothing = machine_instructions(root, code, "-c", ON_TERMINAL.partition("import sys")[0])
    variables = {"TERM": "xterm", "COLUMNS": "100"}
    assert machine_instructions(root, code, "-c", ON_TERMINAL.format("'status'"), **variables) - nothing < 190


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind counts the instructions")
@pytest.mark.parametrize(
    ("arguments", "line", "millions"),
    [
        ("'--version'", None, 5),
        ("'--help'", None, 50),
        ("'set', '--help'", None, 50),
        ("'status'", None, 170),
        ("", "fi-bump s", 60),
        ("", "fi-bump set --", 60),
        ("", "fi-bump check --format ", 60),
        ("", "fi-bump site remove ", 90),
        # The first run, which is not counted, reads the cached answers of the indexes; they are kept.
        ("", "fi-bump set ", 95),
    ],
)
def test_a_shell_is_answered_at_once(tmp_path: Path, arguments: str, line: str | None, millions: int) -> None:
    root, code = tmp_path / "tree", tmp_path / "code"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    variables = {} if line is None else {"_FI_BUMP_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
    if line is not None:
        variables |= {"FI_BUMP_NO_CACHE": "", "XDG_CACHE_HOME": str(tmp_path)}
    nothing = machine_instructions(root, code, "-c", "pass")
    assert machine_instructions(root, code, "-c", START.format(arguments), **variables) - nothing < millions
