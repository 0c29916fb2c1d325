"""The verdict on an output: how far it is from what it ought to be, over all, and at its worst token and expert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

# About twice the noise of a right kernel (0.0038 to 0.0047, docs/probes.md). An average hides a wrong row, the worst
# token does not.
BOUND = 0.01
# The customary test: elements within 0.1 absolute and relative. Stated, never judged.
CLOSE = 0.1


class Comparison(NamedTuple):
    """Relative errors (Frobenius norm of the difference over that of the expectation), and what is not a number."""

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
        """The numbers as a report holds them; what is no number there is None."""
        finite = {name: value if value == value and abs(value) != float("inf") else None for name, value in
                  self._asdict().items()}  # fmt: skip
        return {name: round(value, 6) if isinstance(value, float) else value for name, value in finite.items()}


def compare(output: Tensor, expected: Tensor, experts: Tensor) -> Comparison:
    """Compare `[tokens, hidden]` outputs; `experts [tokens, top_k]` says which experts a token went to.

    An expert's error is that of all its tokens together; experts without a token have none.
    """
    got, want = output.float(), expected.float()
    not_numbers = int((~got.isfinite()).sum())
    difference = (got - want).double()
    norms = want.double().norm(dim=1).clamp(min=1e-30)
    tokens = difference.norm(dim=1) / norms
    worst_expert = 0.0
    for expert in experts.unique().tolist():
        rows = (experts == expert).any(dim=1)
        error = difference[rows].norm() / want.double()[rows].norm().clamp(min=1e-30)
        worst_expert = max(worst_expert, float(error))
    return Comparison(
        float(difference.norm() / want.double().norm().clamp(min=1e-30)),
        float(tokens.max()),
        worst_expert,
        float((difference.abs() <= CLOSE + CLOSE * want.double().abs()).double().mean()),
        not_numbers,
    )
