"""What the runner tells of itself while it works; how it is shown is the reports' business."""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from fi_bump.smoke.model import ProbeReport

_NINJA = re.compile(r"\[(\d{1,6})/(\d{1,6})\]")


class Progress(Protocol):
    """Told by several threads at once, one per device."""

    def note(self, text: str) -> None:
        """Something about the run as a whole: an environment that is made, say."""

    def started(self, name: str, where: str) -> None:
        """A probe begins."""

    def line(self, name: str, text: str) -> None:
        """A probe said something."""

    def ended(self, report: ProbeReport) -> None:
        """A probe is done."""


class Steps(NamedTuple):
    """How far a compile is."""

    done: int
    total: int


def steps(line: str) -> Steps | None:
    """Ninja's `[12/24]` in a line of output, the last one where a line holds several."""
    found = _NINJA.findall(line)
    if not found:
        return None
    done, total = (int(number) for number in found[-1])
    return Steps(done, total) if total > 0 and done <= total else None
