"""One command in a process group of its own: a time limit, its output kept, and nothing of it left behind.

The one door to `subprocess`.
"""

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

# How long a group has between being asked to end and being killed.
GRACE = 3.0
# How often a running command is looked at; it is a wait on the stop event, so an interrupt is seen at once.
TICK = 0.02
# What is kept of one command's output. More than this is a runaway, and would fill the disk.
LOG_BYTES = 32 * 1024 * 1024
# A line this long is a progress bar or garbage: watchers get it in pieces.
LINE_BYTES = 8192
# After this faulthandler prints a stack, whose last line is the least telling: what was said before it is the tail.
_TRACE = "Fatal Python error"


class Ended(NamedTuple):
    """How a command ended: by itself with `code`, by a signal, over its time limit or because all was stopped."""

    code: int | None
    signal: str | None
    seconds: float
    timed_out: bool
    stopped: bool
    tail: str

    @property
    def clean(self) -> bool:
        """Whether it ended by itself with 0."""
        return self.code == 0 and not self.timed_out and not self.stopped

    def reason(self, limit: float) -> str:
        """How it ended, in words; `tail`, its last line, is added where it may explain something."""
        if self.stopped:
            return "interrupted"
        if self.timed_out:
            return f"ran past its limit of {limit:g} s and was killed"
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
    """Run a command to its end, or to its limit, or until `stop` is set; its whole group is gone on return.

    Standard output and error go to the file `log` and, line by line, to `watch`. Raises OSError when it cannot be
    started or its log cannot be made. An exception on the way, KeyboardInterrupt too, is passed on after its group is
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
    # The reader closes both: it may outlive this call where a grandchild left the group.
    reader = threading.Thread(target=output.take, args=(process.stdout, log_file), daemon=True)
    try:
        reader.start()
        timed_out = not _wait(process.pid, begun + seconds, stop)
        stopped = not _exited(process.pid) and not timed_out
        elapsed = time.monotonic() - begun
    finally:
        _end(process)
    # A grandchild that left the group may hold the pipe open for ever; what it says is no longer ours.
    reader.join(GRACE)
    code = process.returncode
    name = _signal_name(-code) if code < 0 else None
    return Ended(None if name else code, name, elapsed, timed_out, stopped, output.tail)


def _wait(pid: int, deadline: float, stop: threading.Event) -> bool:
    """Wait until the process ends or `stop` is set; False at the deadline."""
    while not _exited(pid):
        if time.monotonic() >= deadline:
            return False
        if stop.wait(TICK):
            break
    return True


def _exited(pid: int) -> bool:
    """Whether the process has ended. It is not reaped, so that its group's number cannot be given to another."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, then kill what is left of it, children of an ended leader too; reap the leader."""
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
    """A command's output on its way to the log and to a watcher, in a thread of its own."""

    def __init__(self, watch: Callable[[str], None]) -> None:
        self._watch = watch
        self.tail = ""

    def take(self, stream: IO[bytes], log: IO[bytes]) -> None:
        """Read to the end. The pipe is emptied even where the log cannot be written: a full pipe would be a hang."""
        kept, fallen = 0, False
        with stream, log:
            for line in iter(lambda: stream.readline(LINE_BYTES), b""):
                if kept < LOG_BYTES:
                    kept += len(line)
                    _keep(log, line if kept < LOG_BYTES else line + b"\n[more output is not kept]\n")
                text = line.decode("utf-8", "replace").rstrip()
                if text.startswith(_TRACE):
                    fallen, self.tail = True, self.tail or text
                if not fallen:
                    self.tail = printable(text) or self.tail
                self._watch(text)


def _keep(log: IO[bytes], data: bytes) -> None:
    """Write to a log that is not buffered; a full disk loses the log, not the probe."""
    with contextlib.suppress(OSError):
        log.write(data)
