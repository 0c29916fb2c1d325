"""Run a command under a supervisor, with a time limit and a log, and leave no process behind.

The supervisor (`supervisor.py`) is the parent of the command. It ends all that the command started when the command
ends, when it is asked to, and when the pipe from fi-bump ends, also because fi-bump was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, NamedTuple

from fi_bump.untrusted import printable

# Seconds between SIGTERM and SIGKILL.
GRACE = 3.0
# Seconds between two looks at a running command. The wait is on the stop event, so an interrupt is noticed at once.
TICK = 0.02
# The largest size of one command's log; a command that prints without end must not fill the disk.
LOG_BYTES = 32 * 1024 * 1024
# Seconds for the supervisor to kill what is left; it takes some milliseconds.
_PATIENCE = 15.0
_REPORT_BYTES = 65536
_SUPERVISOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "supervisor.py")
# A longer line is a progress bar or garbage; watchers get it in pieces.
LINE_BYTES = 8192
# faulthandler prints this line and then a stack. The line before it says more about the cause than the stack's last.
_TRACE = "Fatal Python error"


class Ended(NamedTuple):
    """How a command ended: with exit code `code`, by a signal, at its time limit, or because the run was stopped.

    `tail` is the last line of its output.
    """

    code: int | None
    signal: str | None
    seconds: float
    timed_out: bool
    stopped: bool
    tail: str

    @property
    def clean(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.code == 0 and not self.timed_out and not self.stopped

    def reason(self, limit: float) -> str:
        """Return in words how it ended, with its last line unless it was stopped or killed at its limit."""
        if self.stopped:
            return "interrupted"
        if self.timed_out:
            return f"exceeded its time limit of {limit:g} s and was killed"
        how = f"killed by {self.signal}" if self.signal else f"exited with {self.code}"
        return f"{how}: {self.tail}" if self.tail else how


def run(
    command: Sequence[str],
    *,
    log: str,
    seconds: float,
    environment: Mapping[str, str],
    folder: str | None = None,
    watch: Callable[[str], None] = lambda line: None,
    stop: threading.Event | None = None,
) -> Ended:
    """Run a command until it ends, reaches its time limit in seconds, or `stop` is set; then end all that it started.

    Standard output and error go to the file `log` and, line by line, to `watch`. Raises OSError when the command cannot
    be started or the log cannot be created. Any other exception, also KeyboardInterrupt, is raised after all of it was
    ended; a second one ends it without the time of grace.
    """
    stop = stop or threading.Event()
    begun = time.monotonic()
    supervised = _start(command, log, environment, folder)
    output = _Output(watch)
    assert supervised.process.stdout is not None
    # The reader closes the pipe and the log.
    arguments = (supervised.process.stdout, supervised.log)
    reader = threading.Thread(target=output.take, args=arguments, daemon=True)
    try:
        reader.start()
        timed_out = not _wait(supervised.process, begun + seconds, stop)
        stopped = not _exited(supervised.process) and not timed_out
        elapsed = time.monotonic() - begun
    finally:
        report = _end(supervised)
    reader.join(GRACE)
    if "errno" in report:
        raise OSError(report["errno"], report["reason"], report["file"])
    status = report.get("status")
    # Without a report something has killed the supervisor, and the command died with it.
    code = supervised.process.returncode if status is None else os.waitstatus_to_exitcode(status)
    name = _signal_name(-code) if code < 0 else None
    return Ended(
        code=None if name else code,
        signal=name,
        seconds=elapsed if timed_out else report.get("seconds", elapsed),
        timed_out=timed_out,
        stopped=stopped,
        tail=output.tail,
    )


class _Supervised(NamedTuple):
    """A running supervisor, the pipes to and from it, and the log of its command."""

    process: subprocess.Popen[bytes]
    control: int
    status: int
    log: IO[bytes]


def _start(command: Sequence[str], log: str, environment: Mapping[str, str], folder: str | None) -> _Supervised:
    """Start the supervisor with a command. Raises OSError."""
    with contextlib.ExitStack() as opened:
        log_file = opened.enter_context(open(log, "ab", buffering=0))
        (asked, control), (status, answer) = os.pipe(), os.pipe()
        for descriptor in (asked, control, status, answer):
            opened.callback(os.close, descriptor)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", _SUPERVISOR, str(asked), str(answer), str(GRACE), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            pass_fds=(asked, answer),
            start_new_session=True,
        )
        opened.pop_all()
        os.close(asked)
        os.close(answer)
    return _Supervised(process, control, status, log_file)


def _wait(process: subprocess.Popen[bytes], deadline: float, stop: threading.Event) -> bool:
    """Wait until the process ends or `stop` is set. Return False if the deadline came first."""
    while not _exited(process):
        if time.monotonic() >= deadline:
            return False
        if stop.wait(TICK):
            break
    return True


def _exited(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the process has ended. Not `poll`: an interrupt inside it can leave its lock taken for ever."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(supervised: _Supervised) -> dict[str, Any]:
    """Let the supervisor end all that is left, and return its report; empty if it could not write one."""
    process = supervised.process
    try:
        if not _exited(process):
            with contextlib.suppress(BrokenPipeError):
                os.write(supervised.control, b"t")
            _wait(process, time.monotonic() + GRACE + _PATIENCE, threading.Event())
    finally:
        # After a second interrupt, at once: the end of this pipe means SIGKILL.
        os.close(supervised.control)
        _wait(process, time.monotonic() + _PATIENCE, threading.Event())
        process.kill()
        process.wait()
        with open(supervised.status, "rb") as stream:
            data = stream.read(_REPORT_BYTES)
    return json.loads(data) if data else {}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _Output:
    """Copies a command's output to the log and to a watcher, in its own thread, and keeps the last line."""

    def __init__(self, watch: Callable[[str], None]) -> None:
        self._watch = watch
        self.tail = ""

    def take(self, stream: IO[bytes], log: IO[bytes]) -> None:
        """Read to the end, even if the log cannot be written: with a full pipe the command would hang."""
        kept, fallen = 0, False
        with stream, log:
            for line in iter(lambda: stream.readline(LINE_BYTES), b""):
                if kept < LOG_BYTES:
                    kept += len(line)
                    _keep(log, line if kept < LOG_BYTES else line + b"\n[further output is omitted]\n")
                text = line.decode("utf-8", "replace").rstrip()
                if text.startswith(_TRACE):
                    fallen, self.tail = True, self.tail or text
                if not fallen:
                    self.tail = printable(text) or self.tail
                self._watch(text)


def _keep(log: IO[bytes], data: bytes) -> None:
    """Write to the unbuffered log. If the disk is full the log is incomplete, but the probe goes on."""
    with contextlib.suppress(OSError):
        log.write(data)
