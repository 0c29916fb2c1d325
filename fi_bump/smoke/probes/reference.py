"""What the kernels ought to compute, in float32: dequantisation, gated activation, routing, a mixture of experts.

Formats: OCP Microscaling Formats (MX) v1.0, section 5.3.3 (E2M1), 5.4.1 (E8M0); NVFP4 has E4M3 scales over 16 elements
and one float32 scale over all. Two E2M1 values share a byte, the first in its low half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

# By code: sign, two bits of exponent with bias 1, one of mantissa.
E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)
MX_BLOCK = 32
NV_BLOCK = 16


def unpack_e2m1(packed: Tensor) -> Tensor:
    """Float32 `[…, 2 n]` of uint8 `[…, n]`."""
    import torch

    table = torch.tensor(E2M1, dtype=torch.float32, device=packed.device)
    pairs = torch.stack((table[(packed & 15).long()], table[(packed >> 4).long()]), dim=-1)
    return pairs.flatten(-2)


def e8m0(codes: Tensor) -> Tensor:
    """Float32 powers of two of uint8 codes: 2 ** (code - 127), and NaN for 255."""
    import torch

    values = torch.exp2(codes.float() - 127)
    return torch.where(codes == 255, torch.full_like(values, float("nan")), values)


def dequantise_mxfp4(packed: Tensor, scales: Tensor) -> Tensor:
    """Float32 `[…, k]` of packed E2M1 `[…, k / 2]` and E8M0 scales `[…, k / 32]`."""
    return unpack_e2m1(packed) * e8m0(scales).repeat_interleave(MX_BLOCK, dim=-1)


class ByExpert(Protocol):
    """One matrix an expert: a tensor, or something that makes them one at a time."""

    def __getitem__(self, expert: int, /) -> Tensor: ...


@dataclass(frozen=True)
class Mxfp4:
    """MXFP4 matrices `[experts, rows, k]`, dequantised one at a time: all of a real model's would take gigabytes."""

    packed: Tensor
    scales: Tensor

    def __getitem__(self, expert: int) -> Tensor:
        return dequantise_mxfp4(self.packed[expert], self.scales[expert])


def dequantise_nvfp4(packed: Tensor, scales: Tensor, global_scale: Tensor) -> Tensor:
    """Float32 `[…, k]` of packed E2M1 `[…, k / 2]` and block scales `[…, k / 16]`, divided by the global scale."""
    return unpack_e2m1(packed) * (scales.float() / global_scale).repeat_interleave(NV_BLOCK, dim=-1)


def swiglu(gate: Tensor, linear: Tensor, alpha: float = 1.0, beta: float = 0.0, limit: float = float("inf")) -> Tensor:
    """`gate * sigmoid(alpha * gate) * (linear + beta)`, the gate clamped from above and the linear part on both sides.

    As SwigluBiasAdaptor of the wheel's cutlass_fused_moe_kernels.cuh, which clamps before beta is added. gpt-oss: alpha
    1.702, beta 1, limit 7; the defaults are SiLU-and-multiply.
    """
    import torch

    gate = gate.clamp(max=limit)
    linear = linear.clamp(min=-limit, max=limit)
    return gate * torch.sigmoid(alpha * gate) * (linear + beta)


def route(logits: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """Weights and expert numbers `[tokens, top_k]` of logits `[tokens, experts]`: softmax, top k, sum to one."""
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
    """Float32 `[tokens, hidden]` of `x [tokens, hidden]`, `weights` and `experts [tokens, top_k]`.

    Float32 by expert, `fc1` has `[2 inner, hidden]`, the linear rows first and the gate's after them, and `fc2` has
    `[hidden, inner]`; biases are `[experts, 2 inner]` and `[experts, hidden]`. Between the two products the activation
    is rounded to bfloat16, as any kernel that feeds tensor cores must do.
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
