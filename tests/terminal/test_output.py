"""Tests with standard streams that are closed, full, or unread: no traceback, and the exit code does not change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import OLD

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
LOST = (
    "standard output: cannot be written: no space left on device\n"
    "help: write the output to another place; the files that the command changed stay changed\n"
)
COMMANDS = ["check", "check --format json", "status", "set 0.6.9 --offline", "init --force", "--help", "check --help"]


def shell(root: Path, command: str, redirection: str) -> tuple[int, str]:
    """Return the exit code, and what is written to standard error."""
    line = f'exec "{sys.executable}" -m fi_bump {command} {redirection}'
    done = subprocess.run(["sh", "-c", line], cwd=root, capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_closed(engine: Path, command: str) -> None:
    assert shell(engine, command, ">&-") == (0, "")
    assert shell(engine, command, ">&- 2>&- <&-") == (0, "")


def test_findings_and_errors_with_closed_streams(engine: Path) -> None:
    path = engine / "docker/Dockerfile"
    path.write_bytes(path.read_bytes().replace(OLD.encode(), b"0.6.1"))
    assert shell(engine, "check", ">&-") == (1, "")
    assert shell(engine, "check nowhere", "2>&-") == (2, "")


@pytest.mark.slow
@FULL
@pytest.mark.parametrize("command", COMMANDS)
def test_full(engine: Path, command: str) -> None:
    assert shell(engine, command, ">/dev/full") == (3, LOST)


@FULL
def test_no_place_for_an_error(engine: Path) -> None:
    assert shell(engine, "check nowhere", "2>/dev/full") == (2, "")
    assert shell(engine, "status", ">/dev/full 2>/dev/full") == (3, "")


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_read_by_nobody(engine: Path, command: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "fi_bump", *command.split()], cwd=engine, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "check --format json", "check --format github"])
def test_findings_that_nobody_reads_are_findings(engine: Path, command: str) -> None:
    path = engine / "docker/Dockerfile"
    path.write_bytes(path.read_bytes().replace(OLD.encode(), b"0.6.1"))
    test = f'exec "{sys.executable}" -m fi_bump {command}'
    with subprocess.Popen(["sh", "-c", test], cwd=engine, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
    assert process.returncode == 1
