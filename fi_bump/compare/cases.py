"""One test case in one run, and how several executions of it in the same run become one result."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Outcome = Literal["pass", "fail", "skip"]


class CaseResult(NamedTuple):
    """What a run says of one test case.

    `message` is why it failed or was skipped. `infrastructure` names the pattern that explains a failure without the
    code under test. `executions` and `failed` count how often the case ran in this run and failed. `file` and `line`
    are where the runner says the test is defined.
    """

    outcome: Outcome
    seconds: float | None = None
    message: str = ""
    infrastructure: str | None = None
    executions: int = 1
    failed: int = 0
    file: str | None = None
    line: int | None = None

    @property
    def judged(self) -> bool:
        """Whether the result is about the code: it passed, or it failed for no reason of the infrastructure."""
        return self.outcome != "skip" and self.infrastructure is None


# Of what has no test cases.
NO_CASES: Mapping[str, CaseResult] = MappingProxyType({})


def merged(first: CaseResult, second: CaseResult, *, retried: bool) -> CaseResult:
    """One result for two executions of a case in the same run, `second` being the later one.

    A failure counts before a pass and both before a skip. With `retried` a pass counts before a failure: the job, or
    the case, was run again because it failed. A failure of the infrastructure gives way to any other verdict.
    """
    order = ("pass", "fail", "skip") if retried else ("fail", "pass", "skip")
    ranked = sorted((first, second), key=lambda case: (case.infrastructure is not None, order.index(case.outcome)))
    chosen = ranked[0]
    return chosen._replace(
        seconds=_longer(first, second, chosen),
        executions=first.executions + second.executions,
        failed=first.failed + second.failed,
    )


def _longer(first: CaseResult, second: CaseResult, chosen: CaseResult) -> float | None:
    """The longest time among executions that ended as the chosen one did."""
    times = [case.seconds for case in (first, second) if case.outcome == chosen.outcome and case.seconds is not None]
    return max(times, default=None)
