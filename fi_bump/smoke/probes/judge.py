"""Judge an output: its relative error over all, of the worst token, and of the worst expert."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

# About twice the noise of a correct kernel (0.0020 to 0.0052, docs/probes.md). It bounds the worst token and expert,
# because an average would hide a wrong row.
BOUND = 0.01
# The usual test of engines: elements within 0.1 absolute and relative. It is reported but does not count.
CLOSE = 0.1
# Avoids a division by zero if the expected output is zero.
TINY = 1e-30


class Comparison(NamedTuple):
    """Relative errors: the norm of the difference divided by that of the expected output; NaN if the output has one.

    `close` is the share of elements that pass the usual test of engines. `not_numbers` is how many are NaN or infinite.
    """

    overall: float
    worst_token: float
    worst_expert: float
    close: float
    not_numbers: int

    @property
    def reason(self) -> str | None:
        """Why the output is wrong; None if it is right."""
        if self.not_numbers:
            return f"{self.not_numbers} elements were not written, or are NaN or infinite"
        if self.worst_token > BOUND:
            return f"the worst token is off by {self.worst_token:.4f}, the bound is {BOUND}"
        if self.worst_expert > BOUND:
            return f"the worst expert is off by {self.worst_expert:.4f}, the bound is {BOUND}"
        return None

    def metrics(self) -> dict[str, Any]:
        """Return the values for a report, with None for NaN and infinity, which JSON does not have."""
        return {name: rounded(value) for name, value in self._asdict().items()}


def rounded(value: float) -> float | None:
    """Return a number for a report: rounded, or None for NaN and infinity."""
    return round(value, 6) if math.isfinite(value) else None


def compare(output: Tensor, expected: Tensor, experts: Tensor) -> Comparison:
    """Compare `[tokens, hidden]` outputs; `experts [tokens, top_k]` are the experts of each token.

    An expert's error is that of all its tokens together. An expert without a token does not count.
    """
    got, want = output.double(), expected.double()
    difference = got - want
    tokens = difference.norm(dim=1) / want.norm(dim=1).clamp(min=TINY)
    worst = 0.0
    for expert in experts.unique().tolist():
        rows = (experts == expert).any(dim=1)
        error = float(difference[rows].norm() / want[rows].norm().clamp(min=TINY))
        # Python's `max` would lose a NaN.
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
