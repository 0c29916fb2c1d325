"""Name the layout that a wheel's interleave makes, from the permutation that it carries out.

An interleave moves bits (for scales: whole bytes) and does nothing else: every input bit arrives at exactly one place,
whatever the other bits are. This module derives the permutation by sending numbers through the wheel's own function,
checks that law, and names the layout by a fingerprint of the permutation. It defines no layout, because a definition
would be outdated with the next one: an unknown fingerprint gets an unknown name and is not a failure. The kernel's
numbers decide whether a layout is right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

# The shapes whose permutations are hashed: packed weights [experts, rows, k / 2] and scales [experts, rows, k / 32].
WEIGHTS = (2, 256, 128)
SCALES = (2, 256, 8)
# Digests of the permutations of real releases, and the names of their layouts.
KNOWN_WEIGHTS = {
    "a2c3b69c1710fa6f": "nibble-interleaved",  # 0.6.11 to 0.6.17
    "4f056233d01e25b4": "bit-interleaved",  # from 0.6.18 on
}
KNOWN_SCALES = {
    "c76754fd494f2525": "interleaved",  # [e, rows, k / 32] to [e, k / 128, rows * 4]
    "b198164aa1f5e036": "folded",  # from 0.6.18 on: [e, rows / 64, k / 128, 16, 16]
}


class Layout(NamedTuple):
    """A layout's name (`unknown` without one) and the digest of its permutation.

    If the function is not a permutation, `digest` is None and `trouble` says why.
    """

    name: str
    digest: str | None
    trouble: str | None = None


def of_weights(interleave: Callable[[Tensor], Tensor], device: str = "cuda") -> Layout:
    """Return the layout of packed 4-bit weights, which is a permutation of bits."""
    return _layout(interleave, WEIGHTS, 8, "bits", KNOWN_WEIGHTS, device)


def of_scales(interleave: Callable[[Tensor], Tensor], device: str = "cuda") -> Layout:
    """Return the layout of scales, which is a permutation of bytes. Each byte is a scale."""
    return _layout(interleave, SCALES, 1, "scales", KNOWN_SCALES, device)


def _layout(
    interleave: Callable[[Tensor], Tensor],
    shape: tuple[int, ...],
    units: int,
    what: str,
    known: dict[str, str],
    device: str,
) -> Layout:
    """Return the layout. `units` is how many parts of a byte move independently: 8 bits, or 1 whole byte."""
    source, trouble = permutation(interleave, shape, units, what, device)
    if source is None:
        return Layout("unknown", None, trouble)
    digest = hashlib.sha256(",".join(map(str, source.tolist())).encode()).hexdigest()[:16]
    return Layout(known.get(digest, "unknown"), digest)


def permutation(
    interleave: Callable[[Tensor], Tensor], shape: tuple[int, ...], units: int, what: str, device: str
) -> tuple[Tensor | None, str | None]:
    """Return, for each output unit, the number of the input unit that arrives there; or None and why there is none.

    Units are numbered in the order of memory, the bits of a byte from the lowest up. Each unit's number is sent through
    the function in binary, one digit per call, as the value of that unit. Then random values must arrive in the same
    order.
    """
    import torch

    count = units
    for size in shape:
        count *= size
    numbers = torch.arange(count, device=device)
    arrived = torch.zeros_like(numbers)
    for digit in range((count - 1).bit_length()):
        values = (numbers >> digit) & 1
        out = interleave(_packed(values, units).reshape(shape))
        if out.numel() != count // units or out.element_size() != 1:
            return None, f"turns {count // units} bytes into {out.numel() * out.element_size()}"
        arrived |= (_unpacked(out, units) != 0).long() << digit
    if not torch.equal(arrived.sort().values, numbers):
        return None, f"is not a permutation of {what}: some are lost or duplicated"
    generator = torch.Generator().manual_seed(7)
    for _ in range(3):
        random = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(device)
        if not torch.equal(_unpacked(interleave(random), units), _unpacked(random, units)[arrived]):
            return None, "changes values, or treats them differently"
    return arrived, None


def _packed(values: Tensor, units: int) -> Tensor:
    """Pack units into bytes; a unit of a whole byte becomes all ones or all zeros."""
    import torch

    if units == 1:
        return (values * 255).to(torch.uint8)
    weights = torch.tensor([1 << bit for bit in range(units)], device=values.device)
    return (values.reshape(-1, units) * weights).sum(-1).to(torch.uint8)


def _unpacked(data: Tensor, units: int) -> Tensor:
    """Return the units of bytes in the order of memory: their bits, or the bytes themselves."""
    import torch

    flat = data.contiguous().view(torch.uint8).flatten()
    if units == 1:
        return flat
    shifts = torch.arange(units, device=data.device, dtype=torch.uint8)
    return ((flat[:, None] >> shifts) & 1).flatten()
