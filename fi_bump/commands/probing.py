"""What commands that run probes have in common: their progress on standard error, and an end by a signal."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from fi_bump.smoke.progress import Progress


@contextlib.contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show progress on standard error: a live display on a terminal, plain lines otherwise."""
    from fi_bump.report.smoke.progress import Live, Plain

    if sys.stderr.isatty():
        with Live() as live:
            yield live
    else:
        yield Plain(sys.stderr)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP, which end a job in CI, into KeyboardInterrupt.

    Probes run in sessions of their own, so they would survive fi-bump if it did not end them.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
