"""The smoke report as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fi_bump.compare.cases import NO_CASES, CaseResult
from fi_bump.compare.model import CaseChange
from fi_bump.smoke.ab_model import AbComparison
from fi_bump.smoke.probes.protocol import ProbeResult
from fi_bump.smoke.registry import Capability
from fi_bump.smoke.shard import Part


class Device(NamedTuple):
    """One GPU as the target's torch describes it, or the driver if torch is missing. `number` counts from 0."""

    number: int
    name: str
    capability: Capability
    uuid: str | None = None


class Target(NamedTuple):
    """The target interpreter: its versions, devices and packages.

    `requires` are the Requires-Dist lines of the group's installed members, by member. `markers` is the environment for
    evaluating the markers of these lines.
    """

    python: str
    torch: str | None
    cuda: str | None
    driver: str | None
    devices: tuple[Device, ...]
    packages: dict[str, str]
    requires: dict[str, list[str]]
    markers: dict[str, str]


class ProbeReport(NamedTuple):
    """The result of one probe: its outcome, a reason unless it passed, its wall time in seconds, and its metrics.

    `cases` are the test cases of `--pytest` by name; other probes have none.
    """

    name: str
    outcome: str
    reason: str | None
    seconds: float
    metrics: dict[str, Any]
    cases: Mapping[str, CaseResult] = NO_CASES

    @property
    def failure(self) -> str:
        """A message that says that the probe failed, and why."""
        return f"{self.name} failed: {self.reason}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Faults that it found and that do not make it fail, because not every engine meets them."""
        found = self.metrics.get("notes")
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def broke(self) -> bool:
        """Whether it failed for another reason than a failed test case: a probe's check, a crash, a time limit."""
        return self.outcome == "fail" and not any(case.outcome == "fail" for case in self.cases.values())


class MetricChange(NamedTuple):
    """A metric that changed by more than the tolerance."""

    probe: str
    metric: str
    before: float
    after: float

    @property
    def share(self) -> float | None:
        """The change as a share of the earlier value, positive for an increase; None if the earlier value was zero."""
        return round((self.after - self.before) / abs(self.before), 4) if self.before else None


class BaselineComparison(NamedTuple):
    """The comparison with an earlier report: new, standing (in both) and fixed failures, and changed metrics.

    `cases` are the test cases of `--pytest` that are not as in the earlier report. `new_notes` are the probes
    that have notes and passed in the earlier report without any.
    """

    version: str
    new_failures: tuple[str, ...]
    standing_failures: tuple[str, ...]
    fixed: tuple[str, ...]
    changes: tuple[MetricChange, ...]
    cases: tuple[CaseChange, ...] = ()
    new_notes: tuple[str, ...] = ()


class SweptRelease(NamedTuple):
    """A swept release with its outcome: `pass`, `compiled`, `fail`, or `not-run` if it could not be installed."""

    version: str
    outcome: str
    reason: str | None

    @property
    def survives(self) -> bool:
        """Whether every probe passed or compiled with this release."""
        return self.outcome in ("pass", "compiled")


class RepositoryPin(NamedTuple):
    """A place where the repository pins the swept package, its version or range, and whether the found range has it."""

    place: str
    version: str
    inside: bool


class Sweep(NamedTuple):
    """Releases of one package, tried with the same wheel.

    `admitted` is the specifier in the wheel's metadata, empty if there is none. `range` is the requirement to pin, or
    None if no release works.
    """

    package: str
    admitted: str
    releases: tuple[SweptRelease, ...]
    range: str | None
    pins: tuple[RepositoryPin, ...]


class Problem(NamedTuple):
    """One reason for a red verdict. `probe` is None if it concerns the whole run."""

    probe: str | None
    message: str


class SmokeReport(NamedTuple):
    """Everything that a run found. `problems` are the reasons if `ok` is false, else empty.

    `part` says which part of a run that several machines share this is; None for a whole run.
    """

    ok: bool
    group: str
    version: str
    target: Target
    required: tuple[str, ...]
    problems: tuple[Problem, ...]
    probes: tuple[ProbeReport, ...]
    comparison: BaselineComparison | None = None
    against: SmokeReport | None = None
    sweep: Sweep | None = None
    ab: AbComparison | None = None
    part: Part | None = None


def reported(name: str, result: ProbeResult, seconds: float, cases: Mapping[str, CaseResult] = NO_CASES) -> ProbeReport:
    """Return a probe's result as an entry of the report."""
    return ProbeReport(
        name=name,
        outcome=result.outcome,
        reason=result.reason,
        seconds=round(seconds, 3),
        metrics=result.metrics,
        cases=cases,
    )
