"""Read a repository's code in a second process, while this one reads pins and asks the package indexes.

It is a fork, and so only made where this process has one thread: a lock that another thread holds would never be
released in the copy. Where none is made, or it fails, the code is read when it is asked for.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import BinaryIO

from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.engine.repository import EngineUses, engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.uses import Reference


class UsesAhead:
    """The uses of one package in a repository, as a context manager that ends the second process."""

    def __init__(self, root: str, paths: Sequence[str], subject: Subject) -> None:
        self._root = root
        self._paths = paths
        self._subject = subject
        self._process: int | None = None
        self._stream: BinaryIO | None = None

    def __enter__(self) -> UsesAhead:
        if _can_fork():
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def imported(self, subject: Subject) -> frozenset[Reference]:
        """What the code imports of the package by its text, early and once, for who has time until `uses` are known."""
        found = self._next() if subject == self._subject else None
        return found if isinstance(found, frozenset) else frozenset()

    def uses(self, subject: Subject) -> EngineUses | None:
        """The uses of the package, once; None where they were not read ahead."""
        if self._stream is None or subject != self._subject:
            return None
        found = self._next()
        if isinstance(found, frozenset):  # what it imports, for which nobody asked
            found = self._next()
        self._end()
        return found if isinstance(found, EngineUses) else None

    def _next(self) -> object:
        """What the second process wrote next, as nobody else can; None where it failed before its end."""
        try:
            return None if self._stream is None else pickle.load(self._stream)
        except (pickle.UnpicklingError, EOFError):
            return None

    def _start(self) -> None:
        reading, writing = os.pipe()
        try:
            self._process = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            return
        if self._process == 0:
            try:
                os.close(reading)
                gc.disable()
                with os.fdopen(writing, "wb") as stream:
                    write = partial(_write, stream)
                    write(engine_uses(RepositoryFiles(self._root).read, self._paths, self._subject, write))
            finally:
                # Whatever happened: the rest of the program, with all that it does at its end, is the first process's.
                os.kill(os.getpid(), signal.SIGKILL)
        os.close(writing)
        self._stream = os.fdopen(reading, "rb")

    def _end(self) -> None:
        """End the second process, if there is one."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._process is not None:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = None


def _write(stream: BinaryIO, what: object) -> None:
    pickle.dump(what, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


def _can_fork() -> bool:
    """Whether a copy of this process can work: the libraries of macOS do not allow it."""
    return sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1
