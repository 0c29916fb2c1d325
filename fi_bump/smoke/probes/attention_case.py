"""Paged caches with random keys and values, and attention over them in float32."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

HEADS, CACHE_HEADS, SIZE, PAGE = 32, 8, 128, 16


class AttentionShape(NamedTuple):
    """What is asked of an attention kernel.

    `sequences` have `length` cached tokens each. `queries` tokens of each ask: 1 is decoding, more is a causal prefill
    whose last query sees the whole cache. `window` is how many tokens before its own a query sees (-1: all), `soft_cap`
    bounds the scores (0: unbounded).
    """

    name: str
    sequences: int
    length: int
    queries: int = 1
    cache: str = "bf16"
    window: int = -1
    soft_cap: float = 0.0


class AttentionCase(NamedTuple):
    """A shape with its data: `queries [sequences * queries, heads, size]` and `cache [pages, 2, page, heads, size]`.

    `pages` are the numbers of each sequence's pages, sequence after sequence. They are in random order, so that a
    kernel that reads pages in memory order is wrong.
    """

    shape: AttentionShape
    queries: Tensor
    cache: Tensor
    pages: Tensor

    def keys_and_values(self, sequence: int) -> tuple[Tensor, Tensor]:
        """The float32 keys and values `[length, cache heads, size]` of a sequence."""
        per_sequence = self.shape.length // PAGE
        numbers = self.pages[sequence * per_sequence : (sequence + 1) * per_sequence].long()
        pages = self.cache[numbers].float()
        return pages[:, 0].flatten(0, 1), pages[:, 1].flatten(0, 1)

    def expected(self, sequence: int) -> Tensor:
        """The float32 output `[queries, heads, size]` of a sequence."""
        count = self.shape.queries
        queries = self.queries[sequence * count : (sequence + 1) * count].float()
        return attend(queries, *self.keys_and_values(sequence), self.shape.window, self.shape.soft_cap)


def make(shape: AttentionShape, device: str = "cuda") -> AttentionCase:
    """Data of unit variance; keys, values and queries are the same ones every time on one kind of device."""
    import torch

    generator = torch.Generator(device=device).manual_seed(shape.length)
    count = shape.sequences * shape.length // PAGE
    dtype = torch.float8_e4m3fn if shape.cache == "fp8" else torch.bfloat16
    size = (count, 2, PAGE, CACHE_HEADS, SIZE)
    cache = torch.randn(size, device=device, generator=generator, dtype=torch.bfloat16).to(dtype)
    queries = torch.randn(
        (shape.sequences * shape.queries, HEADS, SIZE), device=device, generator=generator, dtype=torch.bfloat16
    )
    return AttentionCase(shape, queries, cache, torch.randperm(count, device=device, generator=generator).int())


def attend(queries: Tensor, keys: Tensor, values: Tensor, window: int, soft_cap: float) -> Tensor:
    """Causal attention in float32, with each cached head serving a group of heads."""
    import torch

    group = queries.shape[1] // keys.shape[1]
    out = torch.empty_like(queries)
    last = torch.arange(queries.shape[0], device=queries.device)[:, None] + (keys.shape[0] - queries.shape[0])
    places = torch.arange(keys.shape[0], device=queries.device)[None]
    hidden = places > last
    if window >= 0:
        hidden = hidden | (places < last - window)
    # One cached head at a time: all scores of a long prefill at once would take gigabytes.
    for head in range(keys.shape[1]):
        mine = slice(head * group, (head + 1) * group)
        scores = torch.einsum("qhd,kd->hqk", queries[:, mine], keys[:, head]) / math.sqrt(queries.shape[-1])
        if soft_cap:
            scores = soft_cap * torch.tanh(scores / soft_cap)
        weights = scores.masked_fill(hidden, -math.inf).softmax(-1)
        out[:, mine] = torch.einsum("hqk,kd->qhd", weights, values[:, head])
    return out
