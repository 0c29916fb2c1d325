"""A program is ended with the processes that it waits for, and with no other."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from fi_bump.boundary import processes

linux = pytest.mark.skipif(sys.platform != "linux", reason="the processes below a program are read from /proc")


@linux
@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_the_whole_tree_ends(trap: str) -> None:
    script = f"{trap}sh -c '{trap}sleep 300 & echo $!; wait' & echo $!; wait; wait"
    bystander = subprocess.Popen(["sleep", "300"])
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        numbers = [int(program.stdout.readline()) for _ in range(2)]
        assert set(numbers) <= processes.below(program.pid).keys()
        processes.end(program, grace=0.3)
        deadline = time.monotonic() + 20
        while any(map(processes.started, numbers)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [processes.started(number) for number in numbers] == [None, None]
        assert program.returncode is not None
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


@linux
def test_a_program_has_time_to_remove_its_files() -> None:
    script = "trap 'sleep 0.2; echo removed; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        processes.end(program, grace=30)
        assert program.stdout.read() == b"removed\n"
        assert program.returncode == 0


@linux
def test_a_number_that_another_process_has_now_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "300"]) as other:
        start = processes.started(other.pid)
        assert start is not None
        assert processes.below(os.getpid())[other.pid] == start
        assert processes._alive({other.pid: start}, 0) == {other.pid: start}
        assert processes._alive({other.pid: b"1"}, 0) == {}
        other.kill()
