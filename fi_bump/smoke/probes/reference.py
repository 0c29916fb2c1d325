"""The kernels' computations in float32: dequantisation, gated activation, routing, a mixture of experts.

Formats: OCP Microscaling Formats (MX) v1.0, sections 5.3.3 (E2M1) and 5.4.1 (E8M0). NVFP4 has an E4M3 scale for each 16
elements and one float32 scale for all. Two E2M1 values share a byte, the first one in its low half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

# The values by code: a sign bit, two exponent bits with bias 1, one mantissa bit.
E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)
MX_BLOCK = 32
NV_BLOCK = 16


def unpack_e2m1(packed: Tensor) -> Tensor:
    """Unpack E2M1 values: uint8 `[…, n]` to float32 `[…, 2 n]`."""
    import torch

    table = torch.tensor(E2M1, dtype=torch.float32, device=packed.device)
    pairs = torch.stack((table[(packed & 15).long()], table[(packed >> 4).long()]), dim=-1)
    return pairs.flatten(-2)


def e8m0(codes: Tensor) -> Tensor:
    """Decode E8M0 scales: uint8 codes to float32 2 ** (code - 127), and NaN for code 255."""
    import torch

    values = torch.exp2(codes.float() - 127)
    return torch.where(codes == 255, torch.full_like(values, float("nan")), values)


def dequantise_mxfp4(packed: Tensor, scales: Tensor) -> Tensor:
    """Dequantise packed E2M1 `[…, k / 2]` with E8M0 scales `[…, k / 32]` to float32 `[…, k]`."""
    return unpack_e2m1(packed) * e8m0(scales).repeat_interleave(MX_BLOCK, dim=-1)


class ByExpert(Protocol):
    """One matrix per expert: a tensor, or an object that makes each matrix when it is needed."""

    def __getitem__(self, expert: int, /) -> Tensor: ...


@dataclass(frozen=True)
class Mxfp4:
    """MXFP4 matrices `[experts, rows, k]`, dequantised one at a time, because all of a real model need gigabytes."""

    packed: Tensor
    scales: Tensor

    def __getitem__(self, expert: int) -> Tensor:
        return dequantise_mxfp4(self.packed[expert], self.scales[expert])


def dequantise_nvfp4(packed: Tensor, scales: Tensor, global_scale: Tensor) -> Tensor:
    """Dequantise packed E2M1 `[…, k / 2]` with block scales `[…, k / 16]`, divided by the global scale, to float32."""
    return unpack_e2m1(packed) * (scales.float() / global_scale).repeat_interleave(NV_BLOCK, dim=-1)


def swiglu(gate: Tensor, linear: Tensor, alpha: float = 1.0, beta: float = 0.0, limit: float = float("inf")) -> Tensor:
    """Return `gate * sigmoid(alpha * gate) * (linear + beta)`, with clamped inputs.

    The gate is clamped to at most `limit`, and the linear part to between -`limit` and `limit` before beta is added, as
    in SwigluBiasAdaptor of the wheel's cutlass_fused_moe_kernels.cuh. gpt-oss has alpha 1.702, beta 1, limit 7; the
    defaults give SiLU-and-multiply.
    """
    import torch

    gate = gate.clamp(max=limit)
    linear = linear.clamp(min=-limit, max=limit)
    return gate * torch.sigmoid(alpha * gate) * (linear + beta)


def route(logits: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """Return weights and expert numbers `[tokens, top_k]` of logits `[tokens, experts]`.

    The weights are the top k of the softmax, scaled to a sum of one.
    """
    import torch

    weights, experts = torch.topk(torch.softmax(logits.float(), dim=-1), top_k, dim=-1)
    return weights / weights.sum(dim=-1, keepdim=True), experts


def mixture(
    x: Tensor,
    fc1: ByExpert,
    fc2: ByExpert,
    weights: Tensor,
    experts: Tensor,
    *,
    bias1: Tensor | None = None,
    bias2: Tensor | None = None,
    alpha: float = 1.0,
    beta: float = 0.0,
    limit: float = float("inf"),
) -> Tensor:
    """Return the output of a mixture of experts, float32 `[tokens, hidden]`.

    `x` is `[tokens, hidden]`; `weights` and `experts` are `[tokens, top_k]`. For each expert, in float32, `fc1` has
    `[2 inner, hidden]`, first the linear rows and then the gate's, and `fc2` has `[hidden, inner]`. The biases are
    `[experts, 2 inner]` and `[experts, hidden]`. The activation between the products is rounded to bfloat16, as every
    kernel with tensor cores must do.
    """
    import torch

    out = torch.zeros_like(x, dtype=torch.float32)
    for expert in experts.unique().tolist():
        tokens, slots = (experts == expert).nonzero(as_tuple=True)
        rows = x[tokens].float() @ fc1[expert].T
        if bias1 is not None:
            rows = rows + bias1[expert].float()
        linear, gate = rows.chunk(2, dim=1)
        hidden = swiglu(gate, linear, alpha, beta, limit).bfloat16().float()
        result = hidden @ fc2[expert].T
        if bias2 is not None:
            result = result + bias2[expert].float()
        out.index_add_(0, tokens, result * weights[tokens, slots, None].float())
    return out
