"""Inputs of the gated delta rule, and the rule in float32, token by token.

For each head there is a state of `[value, key]`. With a token's key `k` (of length one), value `v`, forget gate `g` and
update gate `b`, the state is multiplied by `g`, then `b (v - state k)` is written at `k`; the output is `state q`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

SIZE = 128
SCALE = 1 / math.sqrt(SIZE)


class GdnShape(NamedTuple):
    """Sequences of some lengths, with `heads` of queries and keys and `value_heads`; with an earlier state or none.

    Each head of keys serves `value_heads / heads` heads of values that follow each other.
    """

    name: str
    lengths: tuple[int, ...]
    heads: int
    value_heads: int
    earlier: bool = True


class GdnCase(NamedTuple):
    """A shape with its data: vectors `[tokens, heads, 128]`, gates `[tokens, value heads]`.

    `starts` are the places of the sequences, and the number of all tokens at the end. `states` are the earlier ones,
    `[sequences, value heads, 128, 128]`.
    """

    shape: GdnShape
    queries: Tensor
    keys: Tensor
    values: Tensor
    forget: Tensor
    update: Tensor
    starts: Tensor
    states: Tensor | None


def make(shape: GdnShape, device: str = "cuda") -> GdnCase:
    """Data with keys and queries of length one, as engines normalise them, and gates as a trained model has them."""
    import torch

    generator = torch.Generator().manual_seed(sum(shape.lengths))

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator).to(device)

    def unit(*size: int) -> Tensor:
        vectors = normal(*size)
        return (vectors / vectors.norm(dim=-1, keepdim=True)).bfloat16()

    tokens = sum(shape.lengths)
    starts = [0]
    for length in shape.lengths:
        starts.append(starts[-1] + length)
    return GdnCase(
        shape=shape,
        queries=unit(tokens, shape.heads, SIZE),
        keys=unit(tokens, shape.heads, SIZE),
        values=normal(tokens, shape.value_heads, SIZE).bfloat16(),
        # Between 0.9 and 1: the state is remembered for some ten tokens, across the borders of chunks.
        forget=1 - 0.1 * normal(tokens, shape.value_heads).sigmoid(),
        update=normal(tokens, shape.value_heads).sigmoid(),
        starts=torch.tensor(starts, dtype=torch.int64, device=device),
        states=normal(len(shape.lengths), shape.value_heads, SIZE, SIZE) * 0.1 if shape.earlier else None,
    )


def expected(case: GdnCase) -> tuple[Tensor, Tensor]:
    """Return the float32 outputs `[tokens, value heads, 128]` and the states after each sequence."""
    import torch

    shape = case.shape
    shared = shape.value_heads // shape.heads
    queries = case.queries.float().repeat_interleave(shared, dim=1) * SCALE
    keys = case.keys.float().repeat_interleave(shared, dim=1)
    values = case.values.float()
    outputs = torch.zeros_like(values)
    size = (len(shape.lengths), shape.value_heads, SIZE, SIZE)
    states = torch.zeros(size, device=values.device) if case.states is None else case.states.float().clone()
    for sequence, (begin, end) in enumerate(_spans(shape.lengths)):
        state = states[sequence]
        for token in range(begin, end):
            state = state * case.forget[token, :, None, None]
            key = keys[token, :, :, None]
            new = case.update[token, :, None] * (values[token] - (state @ key).squeeze(-1))
            state = state + new[:, :, None] * keys[token, :, None, :]
            outputs[token] = (state @ queries[token, :, :, None]).squeeze(-1)
        states[sequence] = state
    return outputs, states


def _spans(lengths: Sequence[int]) -> list[tuple[int, int]]:
    spans, begin = [], 0
    for length in lengths:
        spans.append((begin, begin + length))
        begin += length
    return spans
