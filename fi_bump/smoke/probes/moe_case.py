"""Random MXFP4 mixtures of experts, the same ones every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import reference

if TYPE_CHECKING:
    from torch import Tensor

# gpt-oss' activation.
ALPHA, BETA, LIMIT = 1.702, 1.0, 7.0


class Shape(NamedTuple):
    """The size of a mixture. `hidden` and `inner` are multiples of 128: the scale interleave wants k / 32 in fours."""

    tokens: int
    hidden: int
    inner: int
    experts: int
    top_k: int

    @property
    def name(self) -> str:
        """`64x2816x2816, 4 of 32`."""
        return f"{self.tokens}x{self.hidden}x{self.inner}, {self.top_k} of {self.experts}"


class Case(NamedTuple):
    """A mixture: `w1 [experts, 2 inner, hidden / 2]`, `s1 [experts, 2 inner, hidden / 32]`, and so for the second."""

    shape: Shape
    x: Tensor
    w1: Tensor
    w2: Tensor
    s1: Tensor
    s2: Tensor
    weights: Tensor
    experts: Tensor
    bias1: Tensor | None
    bias2: Tensor | None

    @property
    def gpt_oss(self) -> bool:
        """Whether it has biases and gpt-oss' activation."""
        return self.bias1 is not None

    def expected(self) -> Tensor:
        """The float32 result."""
        activation = {"alpha": ALPHA, "beta": BETA, "limit": LIMIT} if self.gpt_oss else {}
        return reference.mixture(
            self.x,
            reference.dequantise_mxfp4(self.w1, self.s1),
            reference.dequantise_mxfp4(self.w2, self.s2),
            self.weights,
            self.experts,
            bias1=self.bias1,
            bias2=self.bias2,
            **activation,
        )


def make(shape: Shape, *, gpt_oss: bool, seed: int = 0, device: str = "cuda") -> Case:
    """Weights of every code, scales from 2 ** -9 to 2 ** -5, tokens of unit variance, in bfloat16."""
    import torch

    generator = torch.Generator(device=device).manual_seed(seed)

    def codes(low: int, high: int, *size: int) -> Tensor:
        return torch.randint(low, high, size, dtype=torch.uint8, device=device, generator=generator)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, device=device, generator=generator)

    tokens, hidden, inner, experts, top_k = shape
    weights, chosen = reference.route(normal(tokens, experts), top_k)
    return Case(
        shape,
        normal(tokens, hidden).bfloat16(),
        codes(0, 256, experts, 2 * inner, hidden // 2),
        codes(0, 256, experts, hidden, inner // 2),
        codes(118, 123, experts, 2 * inner, hidden // 32),
        codes(118, 123, experts, hidden, inner // 32),
        weights,
        chosen,
        normal(experts, 2 * inner).bfloat16() if gpt_oss else None,
        normal(experts, hidden).bfloat16() if gpt_oss else None,
    )
