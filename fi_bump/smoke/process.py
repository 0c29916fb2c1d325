"""Run a command in its own process group, with a time limit and a log, and leave no process behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, NamedTuple

from fi_bump.untrusted import printable

# Seconds between SIGTERM and SIGKILL.
GRACE = 3.0
# Seconds between two looks at a running command. The wait is on the stop event, so an interrupt is noticed at once.
TICK = 0.02
# The largest size of one command's log; a command that prints without end must not fill the disk.
LOG_BYTES = 32 * 1024 * 1024
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
    """Run a command until it ends, reaches its time limit in seconds, or `stop` is set; then end its whole group.

    Standard output and error go to the file `log` and, line by line, to `watch`. Raises OSError when the command cannot
    be started or the log cannot be created. Any other exception, also KeyboardInterrupt, is raised after the group was
    ended.
    """
    stop = stop or threading.Event()
    begun = time.monotonic()
    with contextlib.ExitStack() as opened:
        log_file = opened.enter_context(open(log, "ab", buffering=0))
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )
        opened.pop_all()
    assert process.stdout is not None
    output = _Output(watch)
    # The reader closes the pipe and the log: it may outlive this call if a grandchild has left the group.
    reader = threading.Thread(target=output.take, args=(process.stdout, log_file), daemon=True)
    try:
        reader.start()
        timed_out = not _wait(process.pid, begun + seconds, stop)
        stopped = not _exited(process.pid) and not timed_out
        elapsed = time.monotonic() - begun
    finally:
        _end(process)
    # A grandchild that has left the group may keep the pipe open for ever, so the reader gets only a short time.
    reader.join(GRACE)
    code = process.returncode
    name = _signal_name(-code) if code < 0 else None
    return Ended(
        code=None if name else code,
        signal=name,
        seconds=elapsed,
        timed_out=timed_out,
        stopped=stopped,
        tail=output.tail,
    )


def _wait(pid: int, deadline: float, stop: threading.Event) -> bool:
    """Wait until the process ends or `stop` is set. Return False if the deadline came first."""
    while not _exited(pid):
        if time.monotonic() >= deadline:
            return False
        if stop.wait(TICK):
            break
    return True


def _exited(pid: int) -> bool:
    """Return whether the process has ended. It is not reaped, so that the system cannot reuse its group's number."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Send the group SIGTERM, then SIGKILL for all that is left of it, and reap its leader."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if not _exited(process.pid):
            os.killpg(process.pid, signal.SIGTERM)
            _wait(process.pid, time.monotonic() + GRACE, threading.Event())
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
