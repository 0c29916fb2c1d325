"""Run one command and end everything that it started: `python -I -S supervisor.py CONTROL STATUS GRACE COMMAND…`.

`process.run` starts it. CONTROL and STATUS are descriptors of pipes. A byte on CONTROL asks to end the command: with
SIGTERM, then after GRACE seconds with SIGKILL. The end of CONTROL, also because fi-bump was killed, means SIGKILL at
once. STATUS gets one JSON object: how the command ended, or why it cannot be started.

On Linux this process is the subreaper of all that the command starts, so a process that leaves the group or the session
stays its descendant, and is ended too, also after a command that ended by itself. Elsewhere only the group is ended.

It runs outside the package, and uses the standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
# Seconds between two looks while processes are ended, and after which one that cannot die (a dead disk) is given up.
_TICK, _PATIENCE = 0.01, 10.0


def main(control: int, status: int, grace: float, command: list[str]) -> None:
    """Run the command, end what is left of it, and write how it ended."""
    woken = _wake_on_children()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    begun = time.monotonic()
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_supervisor
        )
    except OSError as error:
        _write(status, {"errno": error.errno, "reason": error.strerror, "file": error.filename})
        return
    ended = _reap(child.pid)
    asked = False
    while ended is None and not asked:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        ended = _reap(child.pid)
        asked = control in ready
    seconds = time.monotonic() - begun
    if ended is None:
        ended = _end_gently(control, child.pid, grace)
    last = _kill_all(child.pid)
    child.returncode = 0  # it is reaped; Popen must not look for it again
    _write(status, {"status": last if ended is None else ended, "seconds": seconds})


def _wake_on_children() -> int:
    """Return a descriptor that can be read after a child has ended. The signals that end a process do nothing here.

    They have handlers, because a command would inherit that a signal is ignored.
    """
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _prctl(option: int, value: int) -> None:
    """Set a property of this process, where the system has it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _die_with_supervisor() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _reap(pid: int) -> int | None:
    """Reap every child that has ended, also adopted ones; return the wait status of `pid` if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == pid:
                found = ended[1]
    return found


def _end_gently(control: int, pid: int, grace: float) -> int | None:
    """Send SIGTERM, and wait until the command ends, for `grace` seconds, or until CONTROL ends."""
    if not os.read(control, 1):
        return None
    for number in {pid, *_descendants()}:
        _send(number, signal.SIGTERM)
    _send_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    ended = None
    while ended is None and time.monotonic() < deadline:
        if select.select([control], [], [], _TICK)[0] and not os.read(control, 1):
            break
        ended = _reap(pid)
    return ended


def _kill_all(pid: int) -> int | None:
    """Kill every process that the command has left, until there is none; return the status of `pid` if it was one."""
    ended = None
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        _send_group(pid, signal.SIGKILL)
        left = _descendants()
        for number in left:
            _send(number, signal.SIGKILL)
        now = _reap(pid)
        ended = now if now is not None else ended
        if not left and _is_childless():
            break
        time.sleep(_TICK)
    return ended


def _is_childless() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _descendants() -> list[int]:
    """Return the numbers of all processes below this one that have not ended; empty without /proc."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc") if sys.platform == "linux" and os.path.isdir("/proc") else []:
        if name.isdecimal():
            with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{name}/stat", "rb") as stream:
                # The name of a program may have any characters, also brackets.
                state, parent = stream.read().rpartition(b")")[2].split()[:2]
                if state not in (b"Z", b"X"):
                    parents[int(name)] = int(parent)
    found: list[int] = []
    wanted = {os.getpid()}
    while wanted:
        wanted = {number for number, parent in parents.items() if parent in wanted}
        found += wanted
    return found


def _send(number: int, which: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(number, which)


def _send_group(number: int, which: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(number, which)


def _write(descriptor: int, document: dict[str, object]) -> None:
    # fi-bump may be gone.
    with contextlib.suppress(OSError):
        os.write(descriptor, json.dumps(document).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
