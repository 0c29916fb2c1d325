"""A comparison as data: what becomes of each test case, how sure that is, and the verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ChangeKind(StrEnum):
    """What became of a test case, in the order in which a reviewer looks. A case that is as before has no kind."""

    NEW_FAILURE = "new-failure"
    OTHER_MESSAGE = "other-message"
    VANISHED = "vanished"
    SLOWER = "slower"
    INFRASTRUCTURE = "infrastructure"
    FLAKY = "flaky"
    KNOWN_FAILURE = "known-failure"
    FIXED = "fixed"
    FASTER = "faster"
    NEW_CASE = "new-case"


class Seen(NamedTuple):
    """A case on one side: in how many runs it was judged, in how many it failed, and its median time in seconds."""

    runs: int = 0
    failed: int = 0
    seconds: float | None = None


class CaseChange(NamedTuple):
    """One case that is not as before.

    `detail` says what was seen, in words. `blocks` is whether it makes the comparison red. `message` is what the run
    says of the failure or the skip, `was` what the baseline said of it. `probability` is the chance of what was seen:
    of a flaky case under its rate, of a time by the rank test. `ratio` is how many times as long it takes; `shown` is
    False for a time that noise may explain. `file` and `line` are where the runner says that the test is.
    """

    kind: ChangeKind
    case: str
    detail: str
    blocks: bool
    baseline: Seen
    run: Seen
    message: str | None = None
    was: str | None = None
    probability: float | None = None
    ratio: float | None = None
    shown: bool = True
    file: str | None = None
    line: int | None = None

    @property
    def owner(self) -> str:
        """The file or class of the case."""
        return self.case.rpartition("::")[0]


class Side(NamedTuple):
    """The runs of one side: the name of each, how many files and cases they have, and their total seconds.

    `damaged` are files that end early with why, `ignored` XML files of another kind.
    """

    runs: tuple[str, ...]
    files: int
    cases: int
    seconds: tuple[float, ...]
    damaged: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


class Whole(NamedTuple):
    """All times together: `ratio` is by how much the cases took longer (the median), None where too few say so.

    `shown` is whether every run was slower than every baseline run with enough runs to say so, `blocks` whether that is
    beyond the limit.
    """

    ratio: float | None
    probability: float | None
    shown: bool
    blocks: bool


class RunComparison(NamedTuple):
    """The whole comparison. `claims` says, in sentences, what the runs at hand can and cannot show."""

    ok: bool
    baseline: Side
    run: Side
    unchanged: int
    entries: tuple[CaseChange, ...]
    whole: Whole
    claims: tuple[str, ...]
    problems: tuple[str, ...]
    slower: float
    least_seconds: float

    def of(self, kind: ChangeKind) -> tuple[CaseChange, ...]:
        """The entries of one kind."""
        return tuple(entry for entry in self.entries if entry.kind is kind)

    @property
    def counts(self) -> dict[str, int]:
        """How many entries each kind has, also those with none."""
        return {kind.value: len(self.of(kind)) for kind in ChangeKind}
