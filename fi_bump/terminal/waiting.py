"""Show a spinner on standard error, if it is a terminal, during work that takes longer than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fi_bump.records import TYPE_CHECKING
from fi_bump.untrusted import visible

if TYPE_CHECKING:
    from rich.status import Status

PATIENCE = 1.0


class _Sign:
    """A spinner that appears after `PATIENCE` seconds; rich is imported only then."""

    now: _Sign | None = None

    def __init__(self, what: str) -> None:
        self._what = what
        self._status: Status | None = None
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._timer.start()

    def _show(self) -> None:
        from rich.console import Console
        from rich.text import Text

        self._status = Console(stderr=True).status(Text(visible(f"{self._what} …")))
        self._status.start()

    def end(self) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._status is not None:
            self._status.stop()


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show a spinner after `PATIENCE` seconds, unless standard error is not a terminal or another spinner is shown."""
    if _Sign.now is not None or not sys.stderr.isatty():
        yield
        return
    _Sign.now = _Sign(what)
    try:
        yield
    finally:
        _Sign.now.end()
        _Sign.now = None
