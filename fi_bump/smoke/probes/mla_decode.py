"""`mla-decode`: multi-head latent attention over a paged cache, by backend: numbers, times, and what `auto` chose.

Compute capability 9.0, where FA2 and FA3 both exist.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import backend_runs, jit, mla_case, timing
from .backend_runs import Work
from .mla_case import LATENT, ROTARY, SCALE, MlaCase, MlaShape
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

# 128 heads are all of DeepSeek's, 16 those of one card in eight. Pages of one token are those of SGLang.
SHAPES = (
    MlaShape("16 heads, 16 x 4,096", 16, 4096, 16),
    MlaShape("128 heads, 16 x 4,096", 16, 4096, 128),
    MlaShape("16 heads, 2 x 65,536", 2, 65536, 16),
    MlaShape("16 heads, 16 x 1,000, last page partly filled", 16, 1000, 16),
    MlaShape("16 heads, 16 x 1,000, pages of 1", 16, 1000, 16, page=1),
    MlaShape("16 heads, 4 queries each, 16 x 4,096", 16, 4096, 16, queries=4),
)


def run(request: ProbeRequest) -> ProbeResult:
    """Judge and time every backend on every case. What a backend does not offer is stated and is no failure."""
    if (reason := backend_runs.elsewhere()) is not None:
        return ProbeResult("not-run", reason)
    metrics: dict[str, Any] = {}
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    with jit.timed(metrics, "import_seconds"):
        flashinfer = importlib.import_module("flashinfer")
        importlib.import_module("flashinfer.mla")
    jit.take_over_builds()
    metrics["copy_gb_per_s"] = copied = round(timing.copy_bandwidth())
    metrics["matmul_tflops"] = peak = round(backend_runs.matmul_peak())
    with jit.timed(metrics, "run_seconds"):
        unbuilt: dict[tuple[Any, ...], str] = {}
        found = {shape: _runs(flashinfer, shape, unbuilt) for shape in SHAPES}
    metrics["cases"] = {
        shape.name: backend_runs.described(work_of(shape), each, copied, peak) for shape, each in found.items()
    }
    metrics["worst_token"] = backend_runs.worst_of(list(found.values()))
    troubles = [trouble for shape, each in found.items() for trouble in backend_runs.troubles_of(shape.name, each)]
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _runs(flashinfer: Any, shape: MlaShape, unbuilt: dict[tuple[Any, ...], str]) -> dict[str, backend_runs.BackendRun]:
    case = mla_case.make(shape)
    return dict(
        backend_runs.runs(
            shape.name,
            (shape.page, shape.queries > 1),
            unbuilt,
            lambda backend: planned(flashinfer, case, backend),
            lambda output: worst_token(case, output),
        )
    )


def work_of(shape: MlaShape) -> Work:
    """What a case asks of the hardware: the cache read once, and the products of all heads."""
    pairs = shape.queries * (shape.length - (shape.queries - 1) / 2)
    return Work(
        read=shape.sequences * shape.length * (LATENT + ROTARY) * 2,
        operations=2 * shape.sequences * shape.heads * pairs * (2 * LATENT + ROTARY),
    )


def planned(flashinfer: Any, case: MlaCase, backend: str) -> tuple[str, Callable[[], Tensor]]:
    """The backend that FlashInfer takes for a case, and the call that an engine makes at each step.

    The arguments are passed by name, because 0.7.2 warns of any other way. The plan and the call are those of separate
    tensors for the latent and the rotary part, which all releases have and engines use.
    """
    import torch

    shape = case.shape
    device = case.latent.device
    starts = torch.arange(0, shape.sequences + 1, device=device, dtype=torch.int32)
    workspace = torch.empty(256 << 20, dtype=torch.uint8, device=device)
    wrapper = flashinfer.mla.BatchMLAPagedAttentionWrapper(workspace, backend=backend)
    wrapper.plan(
        qo_indptr=starts * shape.queries,
        kv_indptr=starts * shape.pages_each,
        kv_indices=case.pages,
        kv_len_arr=torch.full((shape.sequences,), shape.length, device=device, dtype=torch.int32),
        num_heads=shape.heads,
        head_dim_ckv=LATENT,
        head_dim_kpe=ROTARY,
        page_size=shape.page,
        causal=shape.queries > 1,
        sm_scale=SCALE,
        q_data_type=case.latent_queries.dtype,
        kv_data_type=case.latent.dtype,
    )
    chosen = getattr(wrapper, "_planned_backend_name", None) or getattr(wrapper, "_backend", backend)
    # The kernel must write every element of an output that holds none of it before.
    output = torch.full_like(case.latent_queries, math.nan)

    def call() -> Tensor:
        wrapper.run(
            q_nope=case.latent_queries,
            q_pe=case.rotary_queries,
            ckv_cache=case.latent,
            kpe_cache=case.rotary,
            out=output,
        )
        return output

    return str(chosen), call


def worst_token(case: MlaCase, output: Tensor) -> float:
    """The worst relative error of one head of one query; NaN where the output holds one."""
    count = case.shape.queries
    worst = 0.0
    for sequence in range(case.shape.sequences):
        expected = case.expected(sequence)
        difference = output[sequence * count : (sequence + 1) * count].float() - expected
        error = float((difference.norm(dim=-1) / expected.norm(dim=-1)).max())
        if math.isnan(error):
            return error
        worst = max(worst, error)
    return worst
