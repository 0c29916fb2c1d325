"""Show the progress of `smoke`: plain lines, or a live display with rich on a terminal."""

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
from fi_bump.smoke.progress import INSTALL, Steps, steps
from fi_bump.untrusted import printable, visible

# Seconds between two progress lines of a compile without a terminal; CI logs keep every line.
_EVERY = 30.0
# The characters of an installer's line that a row shows.
_WIDEST = 60


class Plain:
    """Print one line per event, and from time to time one for a running compile."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}

    def note(self, text: str) -> None:
        """Print `text` as a line."""
        self._say(text)

    def started(self, name: str, where: str) -> None:
        """Print `NAME: started on device 0`."""
        self._said[name] = self._clock()
        self._say(f"{name}: started {where}")

    def line(self, name: str, text: str) -> None:
        """Print `NAME: compiling 12/24` if the last line is 30 s old or the compile is done; ignore other output."""
        now, compile_steps = self._clock(), steps(text)
        if compile_steps is None:
            return
        done = compile_steps.done == compile_steps.total
        if done or now - self._said.get(name, now - _EVERY) >= _EVERY:
            self._said[name] = now
            self._say(f"{name}: compiling {compile_steps.done}/{compile_steps.total}")

    def ended(self, report: ProbeReport) -> None:
        """Print `NAME: fail in 12.3 s: the reason`."""
        self._say(ended_line(report))

    def _say(self, text: str) -> None:
        # The reader of this stream may have exited. The probe's output must still be read, or the probe would hang.
        with self._lock, contextlib.suppress(OSError):
            print(visible(text), file=self._stream, flush=True)


def ended_line(report: ProbeReport) -> str:
    """Return a line like `NAME: fail in 12.3 s: the reason`."""
    reason = f": {report.reason}" if report.reason else ""
    return f"{report.name}: {report.outcome} in {number(report.seconds)} s{reason}"


class Live:
    """Show a row with a spinner, ninja's count and the time for each running probe; finished ones become lines."""

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True, highlight=False, markup=False)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._bars = Bars(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._waiting: TaskID | None = None

    def __enter__(self) -> Live:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def note(self, text: str) -> None:
        """Print a line above the rows of the running probes; until the next event, a row shows that fi-bump works."""
        self._print(text)
        self._rest()
        if not self._tasks:
            self._waiting = self._bars.add_task("working")

    def _print(self, text: str) -> None:
        self._bars.console.print(Text(visible(text)), soft_wrap=True)

    def _rest(self) -> None:
        if self._waiting is not None:
            self._bars.remove_task(self._waiting)
            self._waiting = None

    def started(self, name: str, where: str) -> None:
        """Add a row for the probe."""
        self._rest()
        self._tasks[name] = self._bars.add_task(visible(f"{name} {where}"))

    def line(self, name: str, text: str) -> None:
        """Show in the row how far a compile or an installation is. Other output is only in the log."""
        if name == INSTALL and self._waiting is not None and text.strip():
            self._bars.update(self._waiting, description=printable(text.strip(), _WIDEST))
        count = steps(text)
        if count is not None and name in self._tasks:
            self._bars.update(self._tasks[name], description=self._described(name, count))

    def _described(self, name: str, count: Steps) -> str:
        return visible(f"{name} compiling {count.done}/{count.total}")

    def ended(self, report: ProbeReport) -> None:
        """Replace the probe's row by a line."""
        task = self._tasks.pop(report.name, None)
        if task is not None:
            self._bars.remove_task(task)
        self._rest()
        self._print(ended_line(report))
