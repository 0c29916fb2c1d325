"""The interface through which a run reports its progress. `report/smoke/progress.py` shows it."""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from fi_bump.smoke.model import ProbeReport

# The name under which the lines of an installer arrive, while an environment is made.
INSTALL = "install"
_NINJA = re.compile(r"\[(\d{1,6})/(\d{1,6})\]")


class Progress(Protocol):
    """Receives the events of a run, from several threads at once (one per device)."""

    def note(self, text: str) -> None:
        """Receive a note about the whole run, for example that an environment is being made."""

    def started(self, name: str, where: str) -> None:
        """Receive that a probe starts; `where` names its device."""

    def line(self, name: str, text: str) -> None:
        """Receive a line of a probe's output."""

    def ended(self, report: ProbeReport) -> None:
        """Receive the report of a probe that has ended."""


class Steps(NamedTuple):
    """How far a compile is."""

    done: int
    total: int


def steps(line: str) -> Steps | None:
    """Parse ninja's `[12/24]` in a line of output, the last one if there are several; None without one."""
    found = _NINJA.findall(line)
    if not found:
        return None
    done, total = (int(number) for number in found[-1])
    return Steps(done, total) if total > 0 and done <= total else None
