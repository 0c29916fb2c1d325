"""The verdict on an output: how far it is from what it ought to be, over all, and at its worst token and expert."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

# About twice the noise of a right kernel (0.0020 to 0.0052, docs/probes.md). An average hides a wrong row, the worst
# token does not.
BOUND = 0.01
# The customary test: elements within 0.1 absolute and relative. Stated, never judged.
CLOSE = 0.1
# Keeps an expectation of nothing but zeros from dividing by zero.
TINY = 1e-30


class Comparison(NamedTuple):
    """Relative errors (Frobenius norm of the difference over that of the expectation), NaN where the output holds one.

    `close` is the share of elements that the customary test would pass, `not_numbers` how many are NaN or infinite.
    """

    overall: float
    worst_token: float
    worst_expert: float
    close: float
    not_numbers: int

    @property
    def reason(self) -> str | None:
        """Why the output is wrong; None when it is right."""
        if self.not_numbers:
            return f"{self.not_numbers} elements were left unwritten or are no numbers"
        if self.worst_token > BOUND:
            return f"the worst token is off by {self.worst_token:.4f}, the bound is {BOUND}"
        if self.worst_expert > BOUND:
            return f"the worst expert is off by {self.worst_expert:.4f}, the bound is {BOUND}"
        return None

    def metrics(self) -> dict[str, Any]:
        """The numbers as a report holds them: JSON has no NaN and no infinity, which are None there."""
        return {name: rounded(value) for name, value in self._asdict().items()}


def rounded(value: float) -> float | None:
    """A number as a report holds it."""
    return round(value, 6) if math.isfinite(value) else None


def compare(output: Tensor, expected: Tensor, experts: Tensor) -> Comparison:
    """Compare `[tokens, hidden]` outputs; `experts [tokens, top_k]` says which experts a token went to.

    An expert's error is that of all its tokens together; experts without a token have none.
    """
    got, want = output.double(), expected.double()
    difference = got - want
    tokens = difference.norm(dim=1) / want.norm(dim=1).clamp(min=TINY)
    worst = 0.0
    for expert in experts.unique().tolist():
        rows = (experts == expert).any(dim=1)
        error = float(difference[rows].norm() / want[rows].norm().clamp(min=TINY))
        # `max` of Python would lose a NaN.
        worst = error if not error <= worst else worst
        if math.isnan(worst):
            break
    return Comparison(
        float(difference.norm() / want.norm().clamp(min=TINY)),
        float(tokens.max()),
        worst,
        float((difference.abs() <= CLOSE + CLOSE * want.abs()).double().mean()),
        int((~got.isfinite()).sum()),
    )
