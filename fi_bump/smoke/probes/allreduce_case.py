"""Inputs of a fused all-reduce with residual and norm, the same ones on every rank, and its results in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

HIDDEN = 4096
EPSILON = 1e-6


class AllReduceCase(NamedTuple):
    """The inputs of all ranks `[ranks, tokens, hidden]`, the residual `[tokens, hidden]` and the norm's weights."""

    inputs: Tensor
    residual: Tensor
    gamma: Tensor

    def expected(self) -> tuple[Tensor, Tensor]:
        """Return the float32 sum with the residual, and its norm, `[tokens, hidden]`."""
        total = self.inputs.float().sum(dim=0) + self.residual.float()
        scale = (total.square().mean(dim=-1, keepdim=True) + EPSILON).rsqrt()
        return total, total * scale * self.gamma.float()


def make(ranks: int, tokens: int, seed: int, device: str, hidden: int = HIDDEN) -> AllReduceCase:
    """Make a case of unit variance. The CPU's generator gives every rank the same numbers."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator).bfloat16().to(device)

    return AllReduceCase(normal(ranks, tokens, hidden), normal(tokens, hidden), normal(hidden))
