"""End a program together with the processes that it waits for."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

_TICK = 0.02


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """Ask a program and all processes below it to end, and kill what is left after `grace` seconds.

    The program keeps the process group of its parent, so that the keys of a terminal (Ctrl-C, Ctrl-Z) and a question
    for a passphrase work; so the processes are found by their parents. Without /proc only the program is ended. A
    process that has left its parent is in the background: nothing waits for it, and it runs on.
    """
    left = {process.pid: b"", **below(process.pid)}
    _signal(left, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while process.poll() is None or _alive(left, process.pid):
        if time.monotonic() > deadline:
            break
        time.sleep(_TICK)
    _signal(_alive(left, process.pid), signal.SIGKILL)
    if process.poll() is None:
        process.kill()
        process.wait()


def below(number: int) -> dict[int, bytes]:
    """Return the processes below one, each with its start time, which tells it from a later one of the same number."""
    parents, starts = {}, {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdecimal() and (stat := _stat(int(name))):
            parents[int(name)], starts[int(name)] = stat
    found: dict[int, bytes] = {}
    wanted = {number}
    while wanted:
        wanted = {each for each, parent in parents.items() if parent in wanted}
        found |= {each: starts[each] for each in wanted}
    return found


def started(number: int) -> bytes | None:
    """Return the start time of a process; None if it has ended."""
    stat = _stat(number)
    return stat[1] if stat else None


def _stat(number: int) -> tuple[int, bytes] | None:
    """Return the parent and the start time of a process; None if it has ended."""
    try:
        with open(f"/proc/{number}/stat", "rb") as stream:
            # The name of a program may have any characters, also brackets.
            state, parent, *rest = stream.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if state in (b"Z", b"X") else (int(parent), rest[17])


def _alive(processes: dict[int, bytes], root: int) -> dict[int, bytes]:
    return {number: start for number, start in processes.items() if number != root and started(number) == start}


def _signal(processes: dict[int, bytes], which: int) -> None:
    for number in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(number, which)
