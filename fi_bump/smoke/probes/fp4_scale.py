"""`fp4-scale-contract`: test which shapes of global scale `fp4_quantize` accepts and, on sm_100, what it computes.

Its conversion needs sm_100. On sm_90 it returns meaningless bytes without an error, so there the probe does not check
the results.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import jit, reference
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

TOKENS, HIDDEN, EXPERTS = 16, 128, 8
# The shapes by their names in engines, with the size and whether it is sliced. Only `[num_experts]` may be rejected.
SCALES = {
    "[1]": (1, False),
    "[num_tokens]": (TOKENS, False),
    "[num_experts]": (EXPERTS, False),
    "[num_experts][:1]": (EXPERTS, True),
}
PER_EXPERT = "[num_experts]"
# Quantising normal values to E2M1 in blocks of 16 gives an error of 0.094 (docs/probes.md).
BOUND = 0.12


def run(request: ProbeRequest) -> ProbeResult:
    """Run the probe. `[1]` and `[num_tokens]` must be accepted; for `[num_experts]` the metrics say whether it is."""
    import torch

    if not torch.cuda.is_available():
        return ProbeResult("not-run", "torch finds no GPU")
    capability = torch.cuda.get_device_capability()
    if capability < (9, 0):
        return ProbeResult("not-run", f"this GPU has compute capability {capability[0]}.{capability[1]}, 9.0 is needed")
    metrics: dict[str, Any] = {}
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    quantise = importlib.import_module("flashinfer").fp4_quantize
    jit.take_over_builds()
    x = torch.randn(TOKENS, HIDDEN, dtype=torch.bfloat16, device="cuda")
    # The first call compiles. If the simplest shape fails here, the probe fails with that error.
    with jit.timed(metrics, "compile_seconds"):
        quantise(x, torch.ones(1, device="cuda"))
        torch.cuda.synchronize()
    troubles = contract(quantise, x, metrics)
    metrics["claims"] = "contract and numbers" if capability >= (10, 0) else "contract only"
    if capability >= (10, 0):
        metrics["overall"] = error = relative_error(quantise)
        # `not <=` instead of `>`: a NaN must fail.
        if not error <= BOUND:
            troubles.append(f"quantised values are off by {error:.4f}, the bound is {BOUND}")
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def contract(quantise: Any, x: Tensor, metrics: dict[str, Any]) -> list[str]:
    """Try every shape of global scale and record which are accepted; return a trouble for each wrongly rejected one."""
    rejections = {name: _rejection(quantise, x, *how) for name, how in SCALES.items()}
    metrics["accepted"] = [name for name, reason in rejections.items() if reason is None]
    metrics["rejected"] = {name: reason for name, reason in rejections.items() if reason is not None}
    metrics["per_expert_scale"] = "rejected" if rejections[PER_EXPERT] else "accepted"
    return [
        f"a global scale of shape {name} is rejected: {reason}"
        for name, reason in metrics["rejected"].items()
        if name != PER_EXPERT
    ]


def _rejection(quantise: Any, x: Tensor, size: int, sliced: bool) -> str | None:
    """Return None if a global scale of ones of that size is accepted, else the error's message."""
    import torch

    scale = torch.ones(size, dtype=torch.float32, device=x.device)
    try:
        quantise(x, scale[:1].contiguous() if sliced else scale)
        if x.is_cuda:
            torch.cuda.synchronize()
    except Exception as error:
        return reason_of(error)
    return None


def reason_of(error: Exception) -> str:
    """Return an error's type and the last line of its message, because a C++ traceback comes before it."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else 'no reason'}"[:300]


def unswizzled(scales: Tensor, rows: int, columns: int) -> Tensor:
    """Return block scales `[rows, columns]` from the 128 x 4 tiles that the tensor cores read.

    In a tile, row `r` and column `c` are at `16 * (r % 32) + 4 * (r // 32) + c` (cuBLAS, "1D block scaling factors
    layout"); tiles follow each other along columns first.
    """
    tiles, fours = (rows + 127) // 128, (columns + 3) // 4
    spread = scales.reshape(tiles, fours, 32, 4, 4).permute(0, 3, 2, 1, 4).reshape(tiles * 128, fours * 4)
    return spread[:rows, :columns]


def relative_error(quantise: Any) -> float:
    """Return the relative error of quantising and dequantising random values."""
    import torch

    rows, columns = 200, 512
    x = torch.randn(rows, columns, dtype=torch.bfloat16, device="cuda") / 5
    scale = (448 * 6 / x.abs().max().float()).reshape(1)
    packed, raw = quantise(x, scale)
    blocks = unswizzled(raw.view(torch.float8_e4m3fn).float(), rows, columns // reference.NV_BLOCK)
    back = reference.dequantise_nvfp4(packed.view(torch.uint8), blocks, scale)
    return float((back - x.float()).norm() / x.float().norm())
