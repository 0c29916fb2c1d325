"""The smoke stage while it runs: plain lines, or on a terminal a live display. A door to rich."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from fi_bump.report.smoke_text import number
from fi_bump.smoke.model import ProbeReport
from fi_bump.smoke.progress import Steps, steps

# Without a terminal a compile says how far it is this often, in seconds: CI logs keep every line.
_EVERY = 30.0


class Plain:
    """A line for each thing that happens, and now and then one for a compile."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}

    def note(self, text: str) -> None:
        """Say it."""
        self._say(text)

    def started(self, name: str, where: str) -> None:
        """`NAME: started on device 0`."""
        self._said[name] = self._clock()
        self._say(f"{name}: started {where}")

    def line(self, name: str, text: str) -> None:
        """`NAME: compiling 12/24`, when the last such line is long enough ago or the compile is done."""
        now, compile_steps = self._clock(), steps(text)
        if compile_steps is None:
            return
        done = compile_steps.done == compile_steps.total
        if done or now - self._said.get(name, now - _EVERY) >= _EVERY:
            self._said[name] = now
            self._say(f"{name}: compiling {compile_steps.done}/{compile_steps.total}")

    def ended(self, report: ProbeReport) -> None:
        """`NAME: fail in 12.3 s: the reason`."""
        self._say(ended_line(report))

    def _say(self, text: str) -> None:
        # Whoever read this may be gone; the output of a probe must still be taken, or it would hang.
        with self._lock, contextlib.suppress(OSError):
            print(text, file=self._stream, flush=True)


def ended_line(report: ProbeReport) -> str:
    """`NAME: fail in 12.3 s: the reason`."""
    reason = f": {report.reason}" if report.reason else ""
    return f"{report.name}: {report.outcome} in {number(report.seconds)} s{reason}"


class Live:
    """A spinner, ninja's count and the time for each probe that runs; what is done scrolls away above."""

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True, highlight=False, markup=False)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._bars = Bars(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Live:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def note(self, text: str) -> None:
        """A line above the running probes."""
        self._bars.console.print(Text(text), soft_wrap=True)

    def started(self, name: str, where: str) -> None:
        """A row for the probe."""
        self._tasks[name] = self._bars.add_task(f"{name} {where}")

    def line(self, name: str, text: str) -> None:
        """The row says how far a compile is; other output is in the log."""
        count = steps(text)
        if count is not None and name in self._tasks:
            self._bars.update(self._tasks[name], description=self._described(name, count))

    def _described(self, name: str, count: Steps) -> str:
        return f"{name} compiling {count.done}/{count.total}"

    def ended(self, report: ProbeReport) -> None:
        """The row becomes a line."""
        task = self._tasks.pop(report.name, None)
        if task is not None:
            self._bars.remove_task(task)
        self.note(ended_line(report))
