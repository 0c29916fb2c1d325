"""A bisection as data: the question, the releases, and what was found out about each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

# What a release turned out to be. One that cannot be judged is skipped.
Judgement = Literal["good", "bad", "skip"]


class Expected(NamedTuple):
    """A metric of the probe (a dotted path) and the text of the value that a good release gives it."""

    metric: str
    value: str


class Question(NamedTuple):
    """What is asked of each release, and how its environment is made.

    `package` is the one of which the releases are tried, at `good`, at `bad` and between. It is `main`, the package of
    the group that the probes test, or a dependency of it; `version` is the group's locked version. Exactly one of
    `probe`, `tests` and `command` says what is run. `extra`, `base` and `wheelhouse` are as in `smoke`.
    """

    group: str
    main: str
    version: str
    package: str
    good: str
    bad: str
    probe: str | None = None
    expected: Expected | None = None
    tests: tuple[str, ...] = ()
    command: str | None = None
    extra: tuple[str, ...] = ()
    base: str | None = None
    wheelhouse: str | None = None
    jit: str = "auto"

    @property
    def of_dependency(self) -> bool:
        """Whether the releases of a dependency are tried, with the group at its locked version."""
        return self.package != self.main


class Candidate(NamedTuple):
    """A release between the two ends, the ends included; `yanked` is the reason, empty if the index gives none."""

    version: str
    date: str | None = None
    yanked: str | None = None


class Tried(NamedTuple):
    """A release that was tried: what it is, why unless it is good, the seconds, and the packages of its environment."""

    version: str
    judgement: Judgement
    reason: str | None
    seconds: float
    packages: Mapping[str, str]


class Bisection(NamedTuple):
    """The state: the question, the releases from the good end to the bad one, and what was tried so far.

    `held` are the requirements that every environment has in common: the dependencies of the first one. `skipped` are
    releases that are not to be tried.
    """

    question: Question
    candidates: tuple[Candidate, ...]
    held: tuple[str, ...] | None = None
    tried: tuple[Tried, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def judgements(self) -> list[Judgement | None]:
        """What is known about each candidate, in order; None if it was not tried."""
        known: dict[str, Judgement] = {each.version: each.judgement for each in self.tried}
        known |= {version: "skip" for version in self.skipped if version not in known}
        return [known.get(each.version) for each in self.candidates]

    @property
    def rising(self) -> bool:
        """Whether the good end is the older one; otherwise the first release that is repaired is looked for."""
        from fi_bump.versions import newer

        return not newer(self.question.good, self.question.bad)

    def of(self, version: str) -> Tried | None:
        """Return what is known about a release."""
        return next((each for each in self.tried if each.version == version), None)
