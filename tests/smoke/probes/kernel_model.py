"""A model on the CPU of a correct kernel: the same products, rounded to bfloat16 in the same places.

It does not use the probes' references: values are decoded from the bits after OCP MX v1.0, sections 5.3.3 and 5.4.1.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

# The order of the nibbles of four bytes after interleaving.
ORDER = [4, 0, 5, 1, 6, 2, 7, 3]


def e2m1(packed: Tensor) -> Tensor:
    """Return the float32 values of packed codes, the low half of a byte first."""
    import torch

    codes = torch.stack((packed & 15, packed >> 4), dim=-1).flatten(-2).int()
    sign, exponent, mantissa = codes >> 3, codes >> 1 & 3, codes & 1
    normal = (1 + mantissa / 2) * 2.0 ** (exponent - 1)
    return torch.where(exponent == 0, mantissa / 2, normal) * (1 - 2 * sign)


def mxfp4(packed: Tensor, scales: Tensor) -> Tensor:
    """Return float32 values of blocks of 32 codes that share a power of two."""
    values = e2m1(packed).unflatten(-1, (-1, 32))
    return (values * 2.0 ** (scales.float() - 127)[..., None]).flatten(-2)


def half(values: Tensor) -> Tensor:
    """Round to bfloat16."""
    return values.bfloat16().float()


def fused_moe(
    x: Tensor,
    experts: Tensor,
    weights: Tensor,
    w1: Tensor,
    w2: Tensor,
    s1: Tensor,
    s2: Tensor,
    bias1: Tensor | None = None,
    bias2: Tensor | None = None,
    alpha: float = 1.0,
    beta: float = 0.0,
    limit: float = float("inf"),
) -> Tensor:
    """Return the output in bfloat16, `[tokens, hidden]`."""
    import torch

    out = torch.zeros(x.shape, dtype=torch.float32)
    for expert in range(w1.shape[0]):
        share = (weights * (experts == expert)).sum(dim=1, keepdim=True)
        tokens = share.flatten().nonzero().flatten()
        if not tokens.numel():
            continue
        rows = x[tokens].float() @ mxfp4(w1[expert], s1[expert]).T
        rows = half(rows if bias1 is None else rows + bias1[expert].float())
        linear, gate = rows[:, : rows.shape[1] // 2], rows[:, rows.shape[1] // 2 :]
        gate, linear = torch.clamp(gate, max=limit), torch.clamp(linear, -limit, limit)
        middle = half(gate / (1 + torch.exp(-alpha * gate)) * (linear + beta))
        result = half(middle @ mxfp4(w2[expert], s2[expert]).T)
        result = result if bias2 is None else result + bias2[expert].float()
        out[tokens] += share[tokens] * result
    return out.bfloat16()


def permuted(weights: Tensor, order: list[int]) -> Tensor:
    """Reorder the nibbles of each group of eight."""
    import torch

    nibbles = torch.stack((weights & 15, weights >> 4), dim=-1).reshape(-1, len(order))[:, order].flatten()
    return (nibbles[0::2] | (nibbles[1::2] << 4)).reshape(weights.shape)


def natural_scales(scales: Tensor) -> Tensor:
    """Return block scales `[e, rows, k / 32]` from the layout `[e, k / 128, rows * 4]`."""
    experts, groups, fours = scales.shape
    return scales.reshape(experts, groups, fours // 4, 4).permute(0, 2, 1, 3).reshape(experts, fours // 4, groups * 4)


class Wheel:
    """A `flashinfer.fused_moe` that computes on the CPU, in the layout `interleaved` or `legacy`."""

    def __init__(self, layout: str) -> None:
        self.layout = layout
        self.calls = 0
        self.module: Any = types.SimpleNamespace(cutlass_fused_moe=self.cutlass_fused_moe)
        if layout == "interleaved":
            self.module.interleave_moe_weights_for_sm90_mixed_gemm = self.interleaved_weights
            self.module.interleave_moe_scales_for_sm90_mixed_gemm = self.interleaved_scales

    def interleaved_weights(self, weights: Tensor, kind: str) -> Tensor:
        """Permute the nibbles. The real wheel uses another permutation, which the probe must not depend on."""
        assert kind == "fp4"
        return permuted(weights, ORDER)

    def interleaved_scales(self, scales: Tensor) -> Tensor:
        """Interleave scales `[e, rows, k / 32]` to `[e, k / 128, rows * 4]`."""
        experts, rows, blocks = scales.shape
        return scales.reshape(experts, rows, -1, 4).transpose(1, 2).reshape(experts, blocks // 4, rows * 4)

    def cutlass_fused_moe(
        self,
        x: Tensor,
        experts: Tensor,
        weights: Tensor,
        w1: Tensor,
        w2: Tensor,
        output_dtype: Any,
        *,
        quant_scales: list[Tensor],
        use_w4_group_scaling: bool,
        output: Tensor,
        tune_max_num_tokens: int,
        fc1_expert_biases: Tensor | None = None,
        fc2_expert_biases: Tensor | None = None,
        swiglu_alpha: Tensor | None = None,
        swiglu_beta: Tensor | None = None,
        swiglu_limit: Tensor | None = None,
    ) -> None:
        """Compute like the wheel's function, as far as the probe uses it."""
        import torch

        assert (output_dtype, use_w4_group_scaling) == (torch.bfloat16, True)
        assert (experts.dtype, weights.dtype) == (torch.int32, torch.float32)
        assert output.isnan().all()
        assert tune_max_num_tokens == x.shape[0]
        self.calls += 1
        scales = [natural_scales(each.view(torch.uint8)) for each in quant_scales]
        if self.layout == "interleaved":
            back = [ORDER.index(place) for place in range(len(ORDER))]
            w1, w2 = permuted(w1, back), permuted(w2, back)
        activation: dict[str, float] = {}
        if swiglu_alpha is not None and swiglu_beta is not None and swiglu_limit is not None:
            named = {"alpha": swiglu_alpha, "beta": swiglu_beta, "limit": swiglu_limit}
            assert all(each.shape == (w1.shape[0],) for each in named.values())
            activation = {name: float(each[0]) for name, each in named.items()}
        biases = (fc1_expert_biases, fc2_expert_biases)
        output.copy_(fused_moe(x, experts, weights, w1, w2, scales[0], scales[1], *biases, **activation))
