"""Tests of the command line itself: help, version, completion, colour."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump import __version__
from tests.conftest import Run


def test_version(engine: Path, run: Run) -> None:
    assert run(engine, "--version") == (0, f"fi-bump {__version__}\n", "")


@pytest.mark.parametrize(
    "command", ["init", "set", "check", "status", "smoke", "latest", "audit", "site", "pr-body", "fleet"]
)
def test_every_command_explains_itself(engine: Path, run: Run, command: str) -> None:
    result = run(engine, command, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: fi-bump {command} [OPTIONS]")
    assert "\x1b" not in result.out


def test_the_help_names_the_commands_and_exit_codes(engine: Path, run: Run) -> None:
    result = run(engine, "--help")
    assert [word for word in ("init", "set", "check", "status", "smoke") if f"\n  {word} " not in result.out] == []
    text = " ".join(result.out.split())
    assert "0 success, 1 findings, 2 wrong usage, 3 the command could not do its job, 130 interrupted" in text
    assert "https://github.com/fi-bump/fi-bump/blob/main/docs/glossary.md" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sett", "1.0"], "No such command 'sett'. Did you mean 'set'"),
        (["set"], "Missing argument '[GROUP==]VERSION'."),
        (["status", "--format", "xml"], "'xml' is not one of 'text', 'json'."),
        (
            ["check", "--format", "xml"],
            "'xml' is not one of 'text', 'json', 'github', 'gitlab', 'junit', 'markdown', 'sarif'.",
        ),
        (["check", "--fxi"], "No such option: --fxi"),
    ],
)
def test_wrong_usage_exits_2(engine: Path, run: Run, arguments: list[str], message: str) -> None:
    result = run(engine, *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_each_shell(engine: Path, shell: str) -> None:
    environment = {**os.environ, "_FI_BUMP_COMPLETE": f"source_{shell}"}
    done = subprocess.run([sys.executable, "-m", "fi_bump"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    assert "_FI_BUMP_COMPLETE" in done.stdout


def test_no_colour_where_none_is_wanted(engine: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "fi_bump", "-C", str(engine), "status"]
    assert b"\x1b" not in subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def test_an_interrupt_before_anything_is_imported(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.commands import check

    def interrupted(arguments: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "parse", interrupted)
    assert run(tmp_path, "check") == (130, "", "fi-bump: interrupted\n")
