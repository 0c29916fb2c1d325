"""A tree to change, and faults before the writer's system calls. Imports no pytest: each killed process loads this."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fi_bump.editing import write

NAMES = ("a.txt", "sub/b.txt", "sub/c.txt", "versions.lock.json")
OLD = {name: f"old {name}\n".encode() for name in NAMES}
NEW = {name: f"new {name}\n".encode() for name in NAMES}
CALLS = ("mkdir", "open", "write", "fsync", "replace", "fchmod", "unlink", "rmdir")

TOP = str(Path(__file__).parents[2])

CHILD = """
import os, signal, sys
root, step, action = sys.argv[1], int(sys.argv[2]), sys.argv[3]
sys.path.insert(0, sys.argv[4])
from tests.editing.write_faults import changes, counted
from fi_bump.editing import recovery, write

def kill(number, name):
    if number == step:
        os.kill(os.getpid(), signal.SIGKILL)

with counted(kill):
    if action == "commit":
        write.commit(root, changes())
    else:
        with write.exclusive(root):
            recovery.recover(root)
"""


def kill_at(root: Path, step: int, action: str) -> subprocess.Popen[bytes]:
    """Start a process that kills itself before its call number `step`; several may run side by side."""
    return subprocess.Popen([sys.executable, "-c", CHILD, str(root), str(step), action, TOP], stderr=subprocess.PIPE)


SIGNALLED = """
import os, sys
root, call, number, sent, action = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
sys.path.insert(0, sys.argv[6])
from tests.editing.write_faults import changes, counted
from fi_bump.editing import recovery, write

seen = []
def send(_, name):
    seen.append(name)
    if name == "fsync" and action == "failing" and seen.count("fsync") == 5:
        raise OSError(28, "full")
    if name == call and seen.count(call) == number:
        os.kill(os.getpid(), sent)

with counted(send):
    if action == "recover":
        with write.exclusive(root):
            recovery.recover(root)
    else:
        write.commit(root, changes())
"""


def signal_at(root: Path, call: str, number: int, sent: int, action: str) -> subprocess.Popen[bytes]:
    """Start a process that sends itself a signal before its `number`-th call of one kind.

    `action` is "commit", "recover", or "failing": a commit whose fifth fsync, that of the second file, fails.
    """
    command = [sys.executable, "-c", SIGNALLED, str(root), call, str(number), str(sent), action, TOP]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


@contextmanager
def counted(before: Callable[[int, str], None]) -> Iterator[list[str]]:
    """Call `before(number, name)` before each system call that `CALLS` lists; yield the names called so far.

    The open of a file that is only read (boundary/reading.py) changes nothing, and does not count.
    """
    real = {name: getattr(os, name) for name in CALLS}
    done: list[str] = []

    def wrap(name: str) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if name == "open" and isinstance(arguments[1], int) and arguments[1] & os.O_NONBLOCK:
                return real[name](*arguments, **options)
            done.append(name)
            before(len(done), name)
            return real[name](*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, wrap(name))
    try:
        yield done
    finally:
        for name in CALLS:
            setattr(os, name, real[name])


def changes() -> list[write.FileChange]:
    return [write.FileChange(name, OLD[name], NEW[name]) for name in NAMES]
