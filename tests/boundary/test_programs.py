"""Programs that are run for their output: no background process is waited for, and each has a limit."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from fi_bump.boundary import programs


def test_the_output_and_the_exit_code() -> None:
    done = programs.run(["sh", "-c", "cat; echo b >&2; exit 3"], seconds=10, message=b"a" * 1_000_000)
    assert done == (3, b"a" * 1_000_000, b"b\n")


def test_the_folder_and_the_environment(tmp_path: Path) -> None:
    done = programs.run(["/bin/sh", "-c", "pwd; echo $A"], seconds=10, folder=str(tmp_path), environment={"A": "b"})
    assert done.stdout == f"{os.path.realpath(tmp_path)}\nb\n".encode()


def test_a_process_in_the_background_is_not_waited_for(tmp_path: Path) -> None:
    start = time.monotonic()
    done = programs.run(["sh", "-c", "sleep 30 & echo $!"], seconds=20)
    assert time.monotonic() - start < 10
    os.kill(int(done.stdout), 9)


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_a_program_that_does_not_end(trap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_GRACE", 0.3)
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run(["sh", "-c", f"{trap}while :; do :; done"], seconds=0.3)
    assert time.monotonic() - start < 5
