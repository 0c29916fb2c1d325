"""`fp4-scale-contract`: which shapes of global scale `fp4_quantize` takes; its numbers only where it is real.

Its conversion needs sm_100. On sm_90 it returns bytes that mean nothing, without an error, so nothing is said there of
its numbers.
"""

from __future__ import annotations

from typing import Any

from . import jit, reference
from .protocol import Request, Result

TOKENS, HIDDEN, EXPERTS = 16, 128, 8
# Of quantising normal values to E2M1 in blocks of 16: 0.09 to 0.10 is the format's own error.
BOUND = 0.15


def run(request: Request) -> Result:
    """`[1]` and `[tokens]` must be taken; whether `[experts]` is, is stated."""
    import torch

    jit.prepare(request.cache, "flashinfer-python", request.jit)
    metrics: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    accepted: dict[str, Any] = {}
    with jit.timed(seconds, "compile"):
        accepted["[1]"] = _attempt((1,))
    for name, size in (("[num_tokens]", TOKENS), ("[num_experts]", EXPERTS)):
        accepted[name] = _attempt((size,))
    accepted["[num_experts][:1]"] = _attempt((EXPERTS,), sliced=True)
    metrics |= {
        "compile_seconds": seconds["compile"],
        "accepted": {name: each is None for name, each in accepted.items()},
    }
    metrics["per_expert_scale"] = "rejected" if accepted["[num_experts]"] else "accepted"
    metrics["rejections"] = {name: each for name, each in accepted.items() if each}
    troubles = [f"a global scale of shape {name} is rejected: {each}" for name, each in accepted.items()
                if each and name != "[num_experts]"]  # fmt: skip
    capability = torch.cuda.get_device_capability()
    metrics["claims"] = "contract and numbers" if capability >= (10, 0) else "contract only"
    if capability >= (10, 0) and not troubles:
        metrics["relative_error"] = error = round(_error(), 5)
        if not error < BOUND:
            troubles.append(f"its values are off by {error}, the bound is {BOUND}")
    return Result("fail", "; ".join(troubles), metrics) if troubles else Result("pass", None, metrics)


def _attempt(size: tuple[int, ...], *, sliced: bool = False) -> str | None:
    """None when a global scale of ones of that size is taken, else what is said against it."""
    import torch
    from flashinfer import fp4_quantize

    torch.manual_seed(0)
    x = torch.randn(TOKENS, HIDDEN, dtype=torch.bfloat16, device="cuda") / 5
    scale = torch.ones(size, dtype=torch.float32, device="cuda")
    try:
        fp4_quantize(x, scale[:1].contiguous() if sliced else scale)
        torch.cuda.synchronize()
    except Exception as error:
        lines = [line.strip() for line in str(error).split("\n") if line.strip()]
        return f"{type(error).__name__}: {(lines or ['no reason'])[-1]}"[:300]
    return None


def unswizzled(scales: Any, rows: int, columns: int) -> Any:
    """Block scales `[rows, columns]` out of the 128 x 4 tiles that the tensor cores read."""
    tiles, fours = (rows + 127) // 128, (columns + 3) // 4
    spread = scales.reshape(tiles, fours, 32, 4, 4).permute(0, 3, 2, 1, 4).reshape(tiles * 128, fours * 4)
    return spread[:rows, :columns]


def _error() -> float:
    """Relative error of quantising and dequantising."""
    import torch
    from flashinfer import fp4_quantize

    rows, columns = 200, 512
    x = torch.randn(rows, columns, dtype=torch.bfloat16, device="cuda") / 5
    scale = (448 * 6 / x.abs().max().float()).reshape(1)
    packed, raw = fp4_quantize(x, scale)
    blocks = unswizzled(raw.view(torch.float8_e4m3fn).float(), rows, columns // reference.NV_BLOCK)
    back = reference.dequantise_nvfp4(packed.view(torch.uint8), blocks, scale)
    return float((back - x.float()).norm() / x.float().norm())
