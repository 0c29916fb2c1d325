"""`paged-attention`: decoding and prefilling over a paged cache, by backend: numbers, times, and what `auto` chose.

Compute capability 9.0, where FA2 and FA3 both exist.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import attention_case, backend_runs, jit, timing
from .attention_case import CACHE_HEADS, HEADS, PAGE, SIZE, AttentionCase, AttentionShape
from .backend_runs import Work
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

SHAPES = (
    AttentionShape("decode, 16 x 4,096", 16, 4096),
    AttentionShape("decode, 2 x 65,536", 2, 65536),
    AttentionShape("decode, fp8 cache, 16 x 4,096", 16, 4096, cache="fp8"),
    AttentionShape("decode, fp8 cache, 2 x 65,536", 2, 65536, cache="fp8"),
    # Scores have unit variance: a cap of 30, which models have, would change the output by less than the bound.
    AttentionShape("decode, soft cap and window, 16 x 4,096", 16, 4096, window=1023, soft_cap=5.0),
    AttentionShape("prefill, 2 x 8,192 after 6,144", 2, 8192, queries=2048),
    AttentionShape("prefill, 1 x 65,536 after 65,024", 1, 65536, queries=512),
    AttentionShape("prefill, fp8 cache, 2 x 8,192", 2, 8192, queries=2048, cache="fp8"),
    AttentionShape("prefill, soft cap and window, 2 x 8,192", 2, 8192, 2048, window=1023, soft_cap=5.0),
)
# FlashInfer's FA3 takes an fp8 cache with fp8 queries only. Its kernel for these does not compile, which takes minutes.
NO_FA3 = "FA3 takes no bfloat16 query with an fp8 cache"


def run(request: ProbeRequest) -> ProbeResult:
    """Judge and time every backend on every case. What a backend does not offer is stated and is no failure."""
    if (reason := backend_runs.elsewhere()) is not None:
        return ProbeResult("not-run", reason)
    metrics: dict[str, Any] = {}
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    with jit.timed(metrics, "import_seconds"):
        flashinfer = importlib.import_module("flashinfer")
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


def _runs(
    flashinfer: Any, shape: AttentionShape, unbuilt: dict[tuple[Any, ...], str]
) -> dict[str, backend_runs.BackendRun]:
    case = attention_case.make(shape)
    kernel = (shape.queries == 1, shape.cache, shape.window < 0, shape.soft_cap > 0)
    if shape.cache == "fp8":
        unbuilt["fa3", *kernel] = NO_FA3
    return dict(
        backend_runs.runs(
            shape.name,
            kernel,
            unbuilt,
            lambda backend: planned(flashinfer, case, backend),
            lambda output: worst_token(case, output),
        )
    )


def work_of(shape: AttentionShape) -> Work:
    """What a case asks of the hardware: a decode without a window reads the cache, a prefill multiplies."""
    if shape.queries == 1 and shape.window < 0:
        width = 1 if shape.cache == "fp8" else 2
        return Work(read=shape.sequences * shape.length * 2 * CACHE_HEADS * SIZE * width)
    if shape.queries > 1:
        first = shape.length - shape.queries + 1
        most = shape.window + 1 if shape.window >= 0 else shape.length
        pairs = sum(min(seen, most) for seen in range(first, shape.length + 1))
        return Work(operations=4 * shape.sequences * HEADS * SIZE * pairs)
    return Work()


def planned(flashinfer: Any, case: AttentionCase, backend: str) -> tuple[str, Callable[[], Tensor]]:
    """The backend that FlashInfer takes for a case, and the call that an engine makes at each step."""
    import torch

    shape = case.shape
    per_sequence = shape.length // PAGE
    device = case.queries.device
    starts = torch.arange(0, shape.sequences + 1, device=device, dtype=torch.int32)
    last = torch.full((shape.sequences,), PAGE, device=device, dtype=torch.int32)
    workspace = torch.empty(256 << 20, dtype=torch.uint8, device=device)
    types = {"q_data_type": case.queries.dtype, "kv_data_type": case.cache.dtype}
    features: dict[str, Any] = {"window_left": shape.window}
    if shape.soft_cap:
        features["logits_soft_cap"] = shape.soft_cap
    heads = (HEADS, CACHE_HEADS, SIZE, PAGE)
    if shape.queries == 1:
        wrapper = flashinfer.BatchDecodeWithPagedKVCacheWrapper(
            workspace, "NHD", use_tensor_cores=True, backend=backend
        )
        wrapper.plan(starts * per_sequence, case.pages, last, *heads, **types, **features)
    else:
        wrapper = flashinfer.BatchPrefillWithPagedKVCacheWrapper(workspace, "NHD", backend=backend)
        wrapper.plan(
            starts * shape.queries, starts * per_sequence, case.pages, last, *heads, causal=True, **types, **features
        )
    return chosen_backend(wrapper, backend), lambda: wrapper.run(case.queries, case.cache)


def chosen_backend(wrapper: Any, asked: str) -> str:
    """The backend that a planned wrapper runs. Later releases say so; earlier ones have an attribute."""
    return str(getattr(wrapper, "resolved_backend", None) or getattr(wrapper, "_backend", asked))


def worst_token(case: AttentionCase, output: Tensor) -> float:
    """The worst relative error of a query, over all its heads; NaN where the output holds one."""
    count = case.shape.queries
    worst = 0.0
    for sequence in range(case.shape.sequences):
        expected = case.expected(sequence)
        difference = output[sequence * count : (sequence + 1) * count].float() - expected
        error = float((difference.flatten(1).norm(dim=1) / expected.flatten(1).norm(dim=1)).max())
        if math.isnan(error):
            return error
        worst = max(worst, error)
    return worst
