"""An A/B comparison of two releases as data: each probe's rounds, and what differs."""

from __future__ import annotations

from typing import Literal, NamedTuple

from fi_bump.compare.model import CaseChange

Kind = Literal["error", "time", "compile"]


class Estimate(NamedTuple):
    """How many times as long the locked release takes, with the ends of the interval; None with too few rounds."""

    ratio: float
    low: float | None = None
    high: float | None = None

    @property
    def differs(self) -> bool:
        """Whether the interval is on one side of 1."""
        return self.low is not None and self.high is not None and not self.low <= 1.0 <= self.high


class AbValue(NamedTuple):
    """One number of both releases, one value for each round; `estimate` is None for errors and with a value of zero."""

    metric: str
    kind: Kind
    locked: tuple[float, ...]
    other: tuple[float, ...]
    estimate: Estimate | None = None

    @property
    def differs(self) -> bool:
        """Whether the two releases differ by more than the rounds of one release do."""
        if self.kind == "error":
            return max(self.locked) < min(self.other) or max(self.other) < min(self.locked)
        return self.estimate is not None and self.estimate.differs


class AbText(NamedTuple):
    """A text that differs between the releases in every round, such as the name of a layout or a chosen backend."""

    metric: str
    locked: str
    other: str


class AbProbe(NamedTuple):
    """One probe of both releases: the outcome of each round, the last reasons, numbers, and texts that differ."""

    name: str
    locked: tuple[str, ...]
    other: tuple[str, ...]
    locked_reason: str | None
    other_reason: str | None
    values: tuple[AbValue, ...]
    texts: tuple[AbText, ...]

    @property
    def outcomes_differ(self) -> bool:
        """Whether the outcomes of the rounds differ between the releases."""
        return sorted(self.locked) != sorted(self.other)


class AbComparison(NamedTuple):
    """The locked release beside another one.

    `cards` are the GPUs on which they ran, `held` the requirements that both environments had in common. `packages` are
    (name, locked, other) of installed packages that differ all the same. `cases` are the test cases that differ by the
    rules of `compare`, with the other release as the baseline.
    """

    version: str
    rounds: int
    cards: tuple[str, ...]
    held: tuple[str, ...]
    packages: tuple[tuple[str, str, str], ...]
    probes: tuple[AbProbe, ...]
    cases: tuple[CaseChange, ...]
