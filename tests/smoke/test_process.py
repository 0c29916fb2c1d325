"""Tests of running a command in its own process group: limits, crashes, output, and that no process is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fi_bump.smoke import process

LIMIT = 60.0
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")


def start(
    tmp_path: Path, source: str, seconds: float = LIMIT, stop: threading.Event | None = None
) -> tuple[process.Ended, list[str], bytes]:
    """Run Python source; return how it ended, the lines of the watcher, and the log."""
    heard: list[str] = []
    log = tmp_path / "log"
    command = [sys.executable, "-c", f"import os, signal, subprocess, sys, time\n{source}"]
    ended = process.run(command, log=str(log), seconds=seconds, environment=os.environ, watch=heard.append, stop=stop)
    return ended, heard, log.read_bytes()


def gone(pid: int) -> bool:
    """Return whether a process is dead (it may still wait to be reaped)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def soon_gone(pid: int) -> bool:
    """Wait until a killed process is gone."""
    deadline = time.monotonic() + 30
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return gone(pid)


def test_output_is_kept_and_watched(tmp_path: Path) -> None:
    ended, heard, log = start(tmp_path, "print('one'); print('two', file=sys.stderr, flush=True); print('  ')")
    assert sorted(heard) == ["", "one", "two"]
    assert sorted(log.split(b"\n")) == [b"", b"  ", b"one", b"two"]
    assert (ended.code, ended.signal, ended.timed_out, ended.stopped, ended.clean) == (0, None, False, False, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("sys.exit(3)", "exited with 3"),
        ("print('the last word'); sys.exit(3)", "exited with 3: the last word"),
        ("sys.stdout.flush(); os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV"),
        ("print('cuda', flush=True); os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL: cuda"),
        ("os.kill(os.getpid(), signal.SIGRTMIN + 1)", "killed by signal 35"),
        (
            "sys.stdout.buffer.write(b'\\x1b[31mred\\xff\\n'); sys.exit(1)",
            "exited with 1: [31mred\N{REPLACEMENT CHARACTER}",
        ),
        ("print('x' * 400); sys.exit(1)", f"exited with 1: {'x' * 300}…"),
    ],
)
def test_how_it_ended_in_words(tmp_path: Path, source: str, reason: str) -> None:
    ended, _, _ = start(tmp_path, source)
    assert (ended.reason(LIMIT), ended.clean) == (reason, False)


@pytest.mark.slow
def test_a_hang_ends_at_its_limit(tmp_path: Path) -> None:
    ended, heard, _ = start(tmp_path, "print('waiting', flush=True); time.sleep(600)", seconds=1.5)
    assert (ended.timed_out, ended.clean, heard) == (True, False, ["waiting"])
    assert ended.reason(1.5) == "exceeded its time limit of 1.5 s and was killed"
    assert 1.5 <= ended.seconds < 20


@pytest.mark.slow
def test_one_that_ignores_the_request_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.2)
    source = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); time.sleep(600)"
    ended, heard, _ = start(tmp_path, source, seconds=1.5)
    assert (ended.timed_out, ended.signal) == (True, "SIGKILL")
    assert gone(int(heard[0]))


CHILD = "child = subprocess.Popen(['sleep', '600']); print(child.pid, flush=True); "


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rest", "seconds", "reason"),
    [
        ("", LIMIT, None),
        ("sys.exit(2)", LIMIT, "exited with 2"),
        ("time.sleep(600)", 1.5, "exceeded its time limit of 1.5 s and was killed"),
    ],
)
def test_grandchildren_go_with_it(tmp_path: Path, rest: str, seconds: float, reason: str | None) -> None:
    ended, heard, _ = start(tmp_path, CHILD + rest, seconds)
    assert soon_gone(int(heard[0]))
    assert ended.clean if reason is None else ended.reason(seconds).startswith(reason)


LEAVES = "child = subprocess.Popen(['sleep', '600'], start_new_session=True); print(child.pid, flush=True); "
# A daemon: its parent has ended, it has its own session, and it ignores the request to end.
DAEMON = (
    "import ctypes\nif os.fork() == 0:\n"
    "    os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    "    if os.fork() == 0: print(os.getpid(), flush=True); time.sleep(600)\n"
    "    os._exit(0)\nos.wait(); time.sleep(0.5)\n"
)


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("source", [LEAVES, DAEMON, f"{LEAVES}sys.exit(3)", f"{LEAVES}os.kill(os.getpid(), 11)"])
def test_a_process_that_left_the_session_is_ended_too(tmp_path: Path, source: str) -> None:
    ended, heard, _ = start(tmp_path, source)
    assert gone(int(heard[0]))
    assert (ended.timed_out, ended.stopped) == (False, False)


# fi-bump in small: it runs a probe that has a child in its own session; both ignore the request to end.
STUBBORN = (
    "import os, signal, subprocess, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen(['sh', '-c', 'trap : TERM; while :; do sleep 1; done'], start_new_session=True)\n"
    "print(os.getpid(), child.pid, flush=True); time.sleep(600)"
)
RUNNER = (
    "import os, sys; from fi_bump.smoke import process\n"
    "process.run([sys.executable, '-c', sys.argv[1]], log=sys.argv[2], seconds=600, environment=os.environ,"
    " watch=lambda line: print(line, flush=True))"
)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that runs a stubborn probe, and the numbers of the probe and of its child."""
    command = [sys.executable, "-c", RUNNER, STUBBORN, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as started:
        assert started.stdout is not None
        yield started, [int(word) for word in started.stdout.readline().split()]
        started.kill()


@LINUX
def test_nothing_is_left_after_fi_bump_was_killed(runner: tuple[subprocess.Popen[str], list[int]]) -> None:
    started, numbers = runner
    started.kill()
    assert all(map(soon_gone, numbers))


@LINUX
def test_a_second_interrupt_in_the_time_of_grace_leaves_nothing(
    runner: tuple[subprocess.Popen[str], list[int]],
) -> None:
    started, numbers = runner
    begun = time.monotonic()
    started.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert not gone(numbers[0])
    started.send_signal(signal.SIGINT)
    assert started.wait(30) != 0
    assert all(map(gone, numbers))
    assert time.monotonic() - begun < process.GRACE + 20


@pytest.mark.slow
@LINUX
def test_a_command_dies_with_its_supervisor(runner: tuple[subprocess.Popen[str], list[int]]) -> None:
    started, numbers = runner
    supervisor = int(Path(f"/proc/{numbers[0]}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    assert started.wait(30) == 0
    assert soon_gone(numbers[0])
    os.kill(numbers[1], signal.SIGKILL)


@pytest.mark.slow
def test_a_gigabyte_of_output(tmp_path: Path) -> None:
    ended, heard, log = start(tmp_path, "for _ in range(1024): sys.stdout.write('x' * (1 << 20))", seconds=600)
    assert (ended.clean, len(heard), len(ended.tail)) == (True, (1 << 30) // process.LINE_BYTES, 301)
    assert len(log) < process.LOG_BYTES + 2 * process.LINE_BYTES


@pytest.mark.slow
def test_endless_output_is_cut_off_and_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LOG_BYTES", 1000)
    ended, _, log = start(tmp_path, "for _ in range(300_000): print('0123456789abcdef')\nprint('the end')")
    assert (ended.clean, ended.tail) == (True, "the end")
    assert log == b"0123456789abcdef\n" * 59 + b"\n[further output is omitted]\n"


def test_a_line_without_an_end_comes_in_pieces(tmp_path: Path) -> None:
    _, heard, log = start(tmp_path, "sys.stdout.write('x' * 20_000)")
    assert ([len(piece) for piece in heard], len(log)) == ([8192, 8192, 3616], 20_000)


def test_it_can_be_stopped(tmp_path: Path) -> None:
    stop = threading.Event()
    log = str(tmp_path / "log")
    # Its first output line stops it, because then it is certain that it runs.
    ended = process.run(
        [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"],
        log=log,
        seconds=LIMIT,
        environment=os.environ,
        watch=lambda line: stop.set(),
        stop=stop,
    )
    assert (ended.stopped, ended.clean, ended.reason(LIMIT)) == (True, False, "interrupted")


def test_what_is_no_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        process.run([str(tmp_path / "none")], log=str(tmp_path / "log"), seconds=1, environment={})


def test_a_full_disk_loses_the_log_and_not_the_command() -> None:
    command = [sys.executable, "-c", "print('one'); print('two')"]
    heard: list[str] = []
    ended = process.run(command, log="/dev/full", seconds=LIMIT, environment=os.environ, watch=heard.append)
    assert (ended.clean, heard) == (True, ["one", "two"])


def test_it_gets_no_input_and_the_folder_asked_for(tmp_path: Path) -> None:
    heard: list[str] = []
    command = [sys.executable, "-c", "import os, sys; print(repr(sys.stdin.read()), os.getcwd())"]
    log = str(tmp_path / "log")
    process.run(command, log=log, seconds=LIMIT, environment=os.environ, folder=str(tmp_path), watch=heard.append)
    assert heard == [f"'' {os.path.realpath(tmp_path)}"]
