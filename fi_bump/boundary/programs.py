"""Run another program for its output: nothing that it leaves running is waited for, and it has a time limit."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO, NamedTuple

from fi_bump.boundary.processes import end

# A program that is asked to end has this many seconds to remove its own temporary files.
_GRACE = 5.0
# Seconds after which the caller may look what a program waits for.
_LOOK = 5.0


class Done(NamedTuple):
    """How a program ended, and what it wrote until then."""

    returncode: int
    stdout: bytes
    stderr: bytes


def run(
    command: Sequence[str],
    *,
    seconds: float,
    message: bytes = b"",
    folder: str | None = None,
    environment: Mapping[str, str] | None = None,
    look: Callable[[], None] | None = None,
) -> Done:
    """Run a program with `message` as its input and wait until it ends.

    Its output goes to files that have no name: a process that it leaves in the background keeps a pipe open, and a
    reader of the pipe would wait for that process. Raises OSError if the program cannot be started, and
    subprocess.TimeoutExpired after `seconds`, when it and the processes that it waits for have been ended. If it runs
    for some seconds, `look` is called once; when that raises, the program is ended in the same way.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        given.write(message)
        given.seek(0)
        with subprocess.Popen(command, stdin=given, stdout=out, stderr=error, cwd=folder, env=environment) as process:
            try:
                if look is not None and seconds > _LOOK and not _ends(process, _LOOK):
                    look()
                    seconds -= _LOOK
                process.wait(seconds)
            except BaseException:
                end(process, _GRACE)
                raise
        return Done(process.returncode, _read(out), _read(error))


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a program, and return whether it ended in this time."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode is not None


def _read(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()
