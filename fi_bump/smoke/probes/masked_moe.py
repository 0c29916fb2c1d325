"""The masked mixture of experts in NVFP4 on sm_100: quantise, multiply, activate and quantise, multiply.

Each expert has `ROWS` rows, of which its mask keeps the first few; the others may contain anything, also NaN. The
expected output is computed from the same quantised matrices after dequantising. It does not quantise the activation
between the products, so the noise is the format's own error (0.094 per value).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from . import fp4_scale, jit, reference
from .judge import TINY, rounded
from .protocol import ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

ROWS, HIDDEN, INNER = 128, 256, 512
ROUTING = {"balanced": (64,) * 8, "uneven": (128, 1, 0, 17, 96, 3, 64, 33)}
# Absolute and relative: engines require it of every element of this path.
TOLERANCE = 0.2
# For the worst row: twice the noise. Engines only test elements, and their outputs are so small that zeros would pass.
BOUND = 0.2
# The largest product of an E4M3 block scale and an E2M1 value.
TOP = 448 * 6.0


class Quantised(NamedTuple):
    """One matrix per expert from the grouped quantiser: `[rows, columns / 2, experts]`, and tiles of scales."""

    packed: Tensor
    scales: Tensor
    global_scales: Tensor

    def plain(self, expert: int) -> Tensor:
        """Return one expert's matrix in float32, `[rows, columns]`."""
        import torch

        values = self.packed[:, :, expert].contiguous().view(torch.uint8)
        rows, columns = values.shape[0], 2 * values.shape[1]
        # From (32, 4, row tiles, 4, column tiles) to the order in memory: (row tiles, column tiles, 32, 4, 4).
        tiles = self.scales[..., expert].permute(2, 4, 0, 1, 3).float()
        blocks = fp4_scale.unswizzled(tiles, rows, columns // reference.NV_BLOCK)
        return reference.dequantise_nvfp4(values, blocks, self.global_scales[expert])


def run(kernel: Callable[[], Any], metrics: dict[str, Any]) -> ProbeResult:
    """Run the mixture with every routing and compare. `kernel` imports the module of the masked GEMM."""
    metrics["routing"] = {}
    troubles = []
    with jit.timed(metrics, "import_seconds"):
        module = kernel()
    jit.take_over_builds()
    with jit.timed(metrics, "run_seconds"):
        for name, counts in ROUTING.items():
            found, reason = judge(*_mixture(module, counts))
            metrics["routing"][name] = found
            print(f"{name}: {found}", flush=True)
            troubles += [f"{name} routing: {reason}"] if reason else []
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def judge(got: Tensor, want: Tensor) -> tuple[dict[str, Any], str | None]:
    """Return the errors of masked rows `[rows, hidden]`, and why the rows are wrong; None if they are right."""
    difference = got.double() - want.double()
    worst = float((difference.norm(dim=1) / want.double().norm(dim=1).clamp(min=TINY)).max())
    close = float((difference.abs() <= TOLERANCE + TOLERANCE * want.abs()).double().mean())
    found = {
        "overall": rounded(float(difference.norm() / want.double().norm().clamp(min=TINY))),
        "worst_token": rounded(worst),
        "close": rounded(close),
        "not_numbers": int((~got.isfinite()).sum()),
    }
    if found["not_numbers"]:
        return found, f"{found['not_numbers']} elements of masked rows were not written, or are NaN or infinite"
    # `not <=` instead of `>`: a NaN must fail.
    if not worst <= BOUND:
        return found, f"the worst row is off by {worst:.4f}, the bound is {BOUND}"
    return found, None


def _mixture(module: Any, counts: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return the kernels' and the reference's output for the rows that the mask keeps, each `[rows, hidden]`."""
    import torch

    flashinfer = importlib.import_module("flashinfer")
    torch.manual_seed(0)
    experts = len(counts)
    mask = torch.tensor(counts, dtype=torch.int32, device="cuda")
    x, w1, w2 = inputs(experts, "cuda")
    left, first, second = (
        _quantised(flashinfer, matrix, rows)
        for matrix, rows in ((x, mask), (w1, torch.full_like(mask, 2 * INNER)), (w2, torch.full_like(mask, HIDDEN)))
    )
    # Rows that the mask drops may contain anything, so only the others are used.
    middles = [activated(left.plain(expert)[:count], first.plain(expert)) for expert, count in enumerate(counts)]
    scale = TOP / torch.stack([middle.abs().amax() if len(middle) else mask.new_ones(()) for middle in middles]).float()
    gate_up = _gemm(module, left, first, mask, (experts, ROWS, 2 * INNER))
    packed, scales = flashinfer.silu_and_mul_scaled_nvfp4_experts_quantize(gate_up, mask, scale)
    out = _gemm(module, Quantised(packed, scales, scale), second, mask, (experts, ROWS, HIDDEN))
    kept = [(expert, count) for expert, count in enumerate(counts) if count]
    got = torch.cat([out[expert, :count] for expert, count in kept])
    want = torch.cat([middles[expert] @ second.plain(expert).T for expert, count in kept])
    return got, want


def inputs(experts: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return rows and weights whose products are of the order of one, so that the absolute tolerance is meaningful."""
    import torch

    def normal(rows: int, columns: int, spread: float) -> Tensor:
        return (torch.randn(experts, rows, columns, device=device) * spread).bfloat16()

    return (
        normal(ROWS, HIDDEN, 1.0),
        normal(2 * INNER, HIDDEN, 2 / HIDDEN**0.5),
        normal(HIDDEN, INNER, 0.5 / INNER**0.5),
    )


def activated(left: Tensor, first: Tensor) -> Tensor:
    """Return the activated first product. Unlike in `reference.mixture`, the gate's columns come first."""
    gate, linear = (left @ first.T).chunk(2, dim=1)
    return reference.swiglu(gate, linear)


def _quantised(flashinfer: Any, matrix: Tensor, rows: Tensor) -> Quantised:
    scale = TOP / matrix.float().abs().amax(dim=(1, 2))
    packed, scales = flashinfer.scaled_fp4_grouped_quantize(matrix, rows, scale)
    return Quantised(packed, scales, scale)


def _gemm(module: Any, left: Quantised, right: Quantised, mask: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Run the masked grouped GEMM; return bfloat16 `[experts, rows, columns]`, filled with NaN before the call."""
    import torch

    out = torch.full(shape, float("nan"), dtype=torch.bfloat16, device="cuda")
    module.grouped_gemm_nt_masked(
        (left.packed, left.scales),
        (right.packed, right.scales),
        # The kernel takes a view of the same memory as rows, columns, experts.
        out.permute(1, 2, 0),
        mask,
        ab_dtype="float4_e2m1fn",
        sf_dtype="float8_e4m3fn",
        c_dtype="bfloat16",
        sf_vec_size=reference.NV_BLOCK,
        alpha=(1 / (left.global_scales * right.global_scales)).reshape(1, 1, -1),
        alpha_dtype="float32",
    )
    return out
