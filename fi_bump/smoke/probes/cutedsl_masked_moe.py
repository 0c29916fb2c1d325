"""`cutedsl-masked-moe`: the CuTe-DSL masked grouped GEMM, run on sm_100 and sm_103, compiled for sm_100a elsewhere.

Compiling needs no GPU. It finds a nvidia-cutlass-dsl that the wheel's own metadata admits and its kernel does not
survive; what the kernel computes is seen on the hardware alone.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import os
import time
from typing import Any

from . import fp4_scale, no_gpu, reference
from .protocol import Request, Result

KERNEL = "flashinfer.gemm.kernels.grouped_gemm_masked_blackwell"
# Absolute and relative; what engines ask of this path.
TOLERANCE = 0.2
SHARE = 0.95
# Of all masked rows together. The outputs are small beside the absolute tolerance, which zeros would meet too: this is
# what cannot be met by nothing. Three quantisations to NVFP4 of 0.1 each, partly averaged away, make about 0.12.
BOUND = 0.2


def run(request: Request) -> Result:
    """Run the whole path where it can run, else compile its kernel."""
    import torch

    capable = torch.cuda.is_available() and (10, 0) <= torch.cuda.get_device_capability() <= (10, 3)
    return _run_path() if capable else _compile()


def _compile() -> Result:
    """Compile the masked grouped GEMM for sm_100a with the installed DSL, beside a GPU or without one."""
    import torch

    os.environ["CUTE_DSL_ARCH"] = "sm_100a"
    metrics: dict[str, Any] = {"architecture": "sm_100a", "nvidia_cutlass_dsl": _version("nvidia-cutlass-dsl")}
    started = time.monotonic()
    has_gpu = not no_gpu.stand_in(torch)
    try:
        importlib.import_module("flashinfer")
        kernel = importlib.import_module(KERNEL)
        if not has_gpu:
            driver = importlib.import_module("cuda.bindings.driver")
            kernel.cutlass_torch.current_stream = lambda: driver.CUstream(0)
        _build(kernel)
    except Exception as error:
        metrics["compile_seconds"] = round(time.monotonic() - started, 2)
        lines = [line.strip() for line in str(error).split("\n") if line.strip()]
        reason = f"{type(error).__name__}: {(lines or ['no reason'])[0]}"[:400]
        return Result(
            "fail", f"it does not compile with nvidia-cutlass-dsl {metrics['nvidia_cutlass_dsl']}: {reason}", metrics
        )
    metrics["compile_seconds"] = round(time.monotonic() - started, 2)
    return Result("compiled", "compiled for sm_100a, which is not here: its numbers were not looked at", metrics)


def _build(kernel: Any) -> None:
    types_of = importlib.import_module("cutlass")
    named = {
        "m": 128, "n": 256, "k": 128, "l": 8, "a_major": "k", "b_major": "k", "c_major": "n",
        "ab_dtype": types_of.Float4E2M1FN, "sf_dtype": types_of.Float8E4M3FN, "c_dtype": types_of.BFloat16,
        "alpha_dtype": types_of.Float32, "sf_vec_size": 16, "mma_tiler_mn": (128, 128), "cluster_shape_mn": (1, 1),
        "sm_count": 148, "sm_version": "sm_100", "enable_dst_signals": False, "num_ranks": 1,
    }  # fmt: skip
    function = kernel.get_cute_dsl_compiled_masked_gemm_kernel
    # From 0.6.13 on it takes the number of ranks.
    known = inspect.signature(inspect.unwrap(function)).parameters
    function(**{name: value for name, value in named.items() if name in known})


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _run_path() -> Result:
    """Quantise, multiply, activate and quantise, multiply: against the dequantised reference, masked rows only."""
    metrics: dict[str, Any] = {"nvidia_cutlass_dsl": _version("nvidia-cutlass-dsl"), "routing": {}}
    troubles = []
    experts, rows = 8, 128
    for name, counts in (("balanced", [64] * experts), ("uneven", [128, 1, 0, 17, 96, 3, 64, 33])):
        share, overall = _masked_moe(counts, rows, hidden=256, inner=512)
        metrics["routing"][name] = {"close": round(share, 5), "overall": round(overall, 5)}
        if not overall < BOUND:
            troubles.append(f"{name} routing: the masked rows are off by {overall:.4f}, the bound is {BOUND}")
        if share < SHARE:
            troubles.append(f"{name} routing: {share:.4f} of the masked rows' elements are within {TOLERANCE}")
    return Result("fail", "; ".join(troubles), metrics) if troubles else Result("pass", None, metrics)


def _masked_moe(counts: list[int], rows: int, *, hidden: int, inner: int) -> tuple[float, float]:
    """The share of close elements and the relative error of one mixture, in the rows that the mask keeps."""
    import torch
    from flashinfer import scaled_fp4_grouped_quantize, silu_and_mul_scaled_nvfp4_experts_quantize

    torch.manual_seed(0)
    experts = len(counts)
    mask = torch.tensor(counts, dtype=torch.int32, device="cuda")
    x = torch.randn(experts, rows, hidden, dtype=torch.bfloat16, device="cuda") / 5
    w1 = torch.randn(experts, 2 * inner, hidden, dtype=torch.bfloat16, device="cuda") / 15
    w2 = torch.randn(experts, hidden, inner, dtype=torch.bfloat16, device="cuda") / 15
    top = 448 * 6.0
    full = {count: torch.full((experts,), count, dtype=torch.int32, device="cuda") for count in (2 * inner, hidden)}
    scale_x, scale_1, scale_2 = ((top / each.float().abs().amax(dim=(1, 2))) for each in (x, w1, w2))
    scale_h = torch.ones(experts, device="cuda")
    q_x, s_x = scaled_fp4_grouped_quantize(x, mask, scale_x)
    q_1, s_1 = scaled_fp4_grouped_quantize(w1, full[2 * inner], scale_1)
    q_2, s_2 = scaled_fp4_grouped_quantize(w2, full[hidden], scale_2)
    gate_up = _gemm((q_x, s_x), (q_1, s_1), mask, 1 / (scale_x * scale_1), (experts, rows, 2 * inner))
    q_h, s_h = silu_and_mul_scaled_nvfp4_experts_quantize(gate_up.permute(2, 0, 1), mask, scale_h)
    out = _gemm((q_h, s_h), (q_2, s_2), mask, 1 / (scale_h * scale_2), (experts, rows, hidden)).permute(2, 0, 1)
    got, want = [], []
    for expert, count in enumerate(counts):
        first = (
            _plain(q_x, s_x, scale_x, expert, rows, hidden)[:count]
            @ _plain(q_1, s_1, scale_1, expert, 2 * inner, hidden).T
        )
        # The SiLU is that of the first half here.
        middle = reference.swiglu(first[:, :inner], first[:, inner:])
        want.append(middle @ _plain(q_2, s_2, scale_2, expert, hidden, inner).T)
        got.append(out[expert, :count].float())
    difference = torch.cat(got) - torch.cat(want)
    expected = torch.cat(want)
    close = difference.abs() <= TOLERANCE + TOLERANCE * expected.abs()
    return float(close.float().mean()), float(difference.norm() / expected.norm())


def _gemm(lhs: Any, rhs: Any, mask: Any, alpha: Any, shape: tuple[int, int, int]) -> Any:
    """The masked grouped GEMM into bfloat16 `[rows, columns, experts]`, poisoned before."""
    import torch

    kernel = importlib.import_module(KERNEL)
    out = torch.full(shape, float("nan"), dtype=torch.bfloat16, device="cuda").permute(1, 2, 0)
    kernel.grouped_gemm_nt_masked(
        lhs,
        rhs,
        out,
        mask,
        ab_dtype="float4_e2m1fn",
        sf_dtype="float8_e4m3fn",
        c_dtype="bfloat16",
        sf_vec_size=reference.NV_BLOCK,
        alpha=alpha.reshape(1, 1, -1),
        alpha_dtype="float32",
    )
    return out


def _plain(packed: Any, scales: Any, global_scale: Any, expert: int, rows: int, columns: int) -> Any:
    """One expert's float32 matrix out of what the grouped quantiser gives: `[rows, columns / 2, experts]` and tiles."""
    import torch

    # (32, 4, row tiles, 4, column tiles, experts) in memory order is (experts, row tiles, column tiles, 32, 4, 4).
    flat = scales.permute(5, 2, 4, 0, 1, 3).contiguous().view(torch.float8_e4m3fn).float()[expert].flatten()
    blocks = fp4_scale.unswizzled(flat, rows, columns // reference.NV_BLOCK)
    values = packed.permute(2, 0, 1)[expert].contiguous().view(torch.uint8)
    return reference.dequantise_nvfp4(values, blocks, global_scale[expert])
