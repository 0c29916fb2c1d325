"""Make random MXFP4 mixtures of experts, the same ones in every run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from . import reference

if TYPE_CHECKING:
    from torch import Tensor

# The parameters of gpt-oss' activation.
ALPHA, BETA, LIMIT = 1.702, 1.0, 7.0
# Mean square of the values of E2M1: (0.25 + 1 + 2.25 + 4 + 9 + 16 + 36) / 8.
_MEAN_SQUARE = 8.5625
# The standard deviation of the first product, with which the limit cuts one activation in twelve.
_SPREAD = 4.0


class Shape(NamedTuple):
    """The size of a mixture.

    `hidden` and `inner` are multiples of 128, because the scale interleave needs k / 32 to be a multiple of 4.
    """

    tokens: int
    hidden: int
    inner: int
    experts: int
    top_k: int

    @property
    def name(self) -> str:
        """A name like `64x2816x2816, 4 of 32`."""
        return f"{self.tokens}x{self.hidden}x{self.inner}, {self.top_k} of {self.experts}"


class Case(NamedTuple):
    """A mixture of experts with its input.

    The weights are `w1 [experts, 2 inner, hidden / 2]` and `w2 [experts, hidden, inner / 2]`, the scales
    `s1 [experts, 2 inner, hidden / 32]` and `s2 [experts, hidden, inner / 32]`.
    """

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

    def plain(self) -> Case:
        """Return the same case without biases, and so with SiLU-and-multiply."""
        return self._replace(bias1=None, bias2=None)

    def first(self, tokens: int) -> Case:
        """Return the same weights with only the first tokens."""
        shape = self.shape._replace(tokens=tokens)
        return self._replace(
            shape=shape, x=self.x[:tokens], weights=self.weights[:tokens], experts=self.experts[:tokens]
        )

    @property
    def name(self) -> str:
        """A name like `64x2816x2816, 4 of 32, gpt-oss`."""
        return f"{self.shape.name}, gpt-oss" if self.gpt_oss else self.shape.name

    @property
    def gpt_oss(self) -> bool:
        """Whether it has biases and gpt-oss' activation."""
        return self.bias1 is not None

    def expected(self) -> Tensor:
        """Return the expected output in float32, `[tokens, hidden]`."""
        activation = {"alpha": ALPHA, "beta": BETA, "limit": LIMIT} if self.gpt_oss else {}
        return reference.mixture(
            self.x,
            reference.Mxfp4(self.w1, self.s1),
            reference.Mxfp4(self.w2, self.s2),
            self.weights,
            self.experts,
            bias1=self.bias1,
            bias2=self.bias2,
            **activation,
        )


def _scales(summed: int, spread: float) -> tuple[int, int]:
    """Return the bounds of five E8M0 codes for scales of weights.

    With these scales, a sum of `summed` products of weights and values of unit variance has a standard deviation of
    about `spread`.
    """
    middle = 127 + round(math.log2(spread / math.sqrt(summed * _MEAN_SQUARE)))
    # The mean square of 2 ** -3 to 2 ** 1 is about one.
    return middle - 3, middle + 2


def make(shape: Shape, *, gpt_oss: bool, seed: int = 0, device: str = "cuda") -> Case:
    """Make a case: weights of every code, scales over five powers of two, and bfloat16 tokens of unit variance.

    With these scales gpt-oss' limit cuts some activations, and outputs are of the order of one, so that a defect shows
    at every size.
    """
    import torch

    # The CPU's generator gives the same numbers with every GPU.
    generator = torch.Generator().manual_seed(seed)

    def codes(low: int, high: int, *size: int) -> Tensor:
        return torch.randint(low, high, size, dtype=torch.uint8, generator=generator).to(device)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator).to(device)

    tokens, hidden, inner, experts, top_k = shape
    weights, chosen = reference.route(normal(tokens, experts), top_k)
    case = Case(
        shape=shape,
        x=normal(tokens, hidden).bfloat16(),
        w1=codes(0, 256, experts, 2 * inner, hidden // 2),
        w2=codes(0, 256, experts, hidden, inner // 2),
        s1=codes(*_scales(hidden, _SPREAD), experts, 2 * inner, hidden // 32),
        s2=codes(*_scales(inner, 1 / _SPREAD), experts, hidden, inner // 32),
        weights=weights,
        experts=chosen.int(),
        bias1=normal(experts, 2 * inner).bfloat16(),
        bias2=normal(experts, hidden).bfloat16(),
    )
    return case if gpt_oss else case.plain()
