"""Paged caches of multi-head latent attention (MLA) with random content, and that attention in float32.

The sizes are those of DeepSeek: a token's cache is one vector of 512 elements, which is key and value of every head,
and 64 elements of a key with rotary positions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

LATENT, ROTARY = 512, 64
# The scale of the scores before the projections are absorbed: heads of 128 and the rotary part.
SCALE = 1 / math.sqrt(128 + ROTARY)


class MlaShape(NamedTuple):
    """What is asked of a kernel: `sequences` of `length` cached tokens, `queries` tokens of each with `heads` heads.

    With more than one query a token sees only the tokens before it and itself (speculative decoding). `page` is the
    number of tokens in a page; the last page of a sequence may be partly filled.
    """

    name: str
    sequences: int
    length: int
    heads: int
    queries: int = 1
    page: int = 64

    @property
    def pages_each(self) -> int:
        """How many pages each sequence has."""
        return -(-self.length // self.page)


class MlaCase(NamedTuple):
    """A shape with its data.

    `latent_queries [tokens, heads, 512]` and `rotary_queries [tokens, heads, 64]` ask; `latent [pages, page, 512]` and
    `rotary [pages, page, 64]` are cached. `pages` are the numbers of each sequence's pages, in random order. What is
    behind the end of a sequence in its last page is random too, as what another sequence left there.
    """

    shape: MlaShape
    latent_queries: Tensor
    rotary_queries: Tensor
    latent: Tensor
    rotary: Tensor
    pages: Tensor

    def cached(self, sequence: int) -> tuple[Tensor, Tensor]:
        """The float32 latent and rotary parts `[length, …]` of a sequence."""
        each = self.shape.pages_each
        numbers = self.pages[sequence * each : (sequence + 1) * each].long()
        latent, rotary = self.latent[numbers].float().flatten(0, 1), self.rotary[numbers].float().flatten(0, 1)
        return latent[: self.shape.length], rotary[: self.shape.length]

    def expected(self, sequence: int) -> Tensor:
        """The float32 output `[queries, heads, 512]` of a sequence."""
        mine = slice(sequence * self.shape.queries, (sequence + 1) * self.shape.queries)
        return attend(self.latent_queries[mine].float(), self.rotary_queries[mine].float(), *self.cached(sequence))


def make(shape: MlaShape, device: str = "cuda") -> MlaCase:
    """Data of unit variance, the same every time on one kind of device."""
    import torch

    generator = torch.Generator(device=device).manual_seed(shape.length + shape.heads)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, device=device, generator=generator, dtype=torch.bfloat16)

    tokens, count = shape.sequences * shape.queries, shape.sequences * shape.pages_each
    return MlaCase(
        shape=shape,
        latent_queries=normal(tokens, shape.heads, LATENT),
        rotary_queries=normal(tokens, shape.heads, ROTARY),
        latent=normal(count, shape.page, LATENT),
        rotary=normal(count, shape.page, ROTARY),
        pages=torch.randperm(count, device=device, generator=generator).int(),
    )


def attend(latent_queries: Tensor, rotary_queries: Tensor, latent: Tensor, rotary: Tensor) -> Tensor:
    """Latent attention in float32; the last query sees the whole cache, and each one before it a token less."""
    import torch

    scores = torch.einsum("qhd,kd->hqk", latent_queries, latent)
    scores = (scores + torch.einsum("qhd,kd->hqk", rotary_queries, rotary)) * SCALE
    queries, length = latent_queries.shape[0], latent.shape[0]
    last = torch.arange(queries, device=latent.device)[:, None] + (length - queries)
    hidden = torch.arange(length, device=latent.device)[None] > last
    return torch.einsum("hqk,kd->qhd", scores.masked_fill(hidden, -math.inf).softmax(-1), latent)
