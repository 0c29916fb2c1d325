"""`paged-attention`: decoding and prefilling over a paged cache, by backend: numbers, times, and what `auto` chose.

The backends compute the same and differ in speed by a factor of four, so a release whose `auto` chooses another one is
slow without a wrong number. Compute capability 9.0, where FA2 and FA3 both exist.
"""

from __future__ import annotations

import importlib
import math
import statistics
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from . import attention_case, jit, timing
from .attention_case import CACHE_HEADS, HEADS, PAGE, SIZE, AttentionCase, AttentionShape
from .fp4_scale import reason_of
from .judge import BOUND, rounded
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

SHAPES = (
    AttentionShape("decode, 16 x 4,096", 16, 4096),
    AttentionShape("decode, 2 x 65,536", 2, 65536),
    AttentionShape("decode, fp8 cache, 16 x 4,096", 16, 4096, cache="fp8"),
    AttentionShape("decode, fp8 cache, 2 x 65,536", 2, 65536, cache="fp8"),
    AttentionShape("decode, soft cap and window, 16 x 4,096", 16, 4096, window=1023, soft_cap=30.0),
    AttentionShape("prefill, 2 x 8,192 after 6,144", 2, 8192, queries=2048),
)
BACKENDS = ("fa2", "fa3", "auto")
# The most sequences of a case that are compared: the reference costs more than the kernel.
COMPARED = 4
# How much slower than the fastest backend `auto` may be. Measured: right choices are within 1.02, a wrong one is 2.3.
SLOWER = 1.5
REPEATS = 30


class BackendRun(NamedTuple):
    """One backend on one case: what it chose, or why it did not run, its worst error and its time."""

    chosen: str | None
    refused: str | None
    worst_token: float | None
    median_us: float | None


def run(request: ProbeRequest) -> ProbeResult:
    """Judge and time every backend on every case. What a backend does not offer is stated and is no failure."""
    import torch

    if not torch.cuda.is_available():
        return ProbeResult("not-run", "torch finds no GPU")
    capability = torch.cuda.get_device_capability()
    if capability != (9, 0):
        return ProbeResult("not-run", f"this GPU has compute capability {capability[0]}.{capability[1]}, not 9.0")
    metrics: dict[str, Any] = {}
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    with jit.timed(metrics, "import_seconds"):
        flashinfer = importlib.import_module("flashinfer")
    jit.take_over_builds()
    metrics["copy_gb_per_s"] = copied = round(timing.copy_bandwidth())
    metrics["matmul_tflops"] = peak = round(matmul_peak())
    with jit.timed(metrics, "run_seconds"):
        unbuilt: dict[tuple[Any, ...], str] = {}
        found = {shape: dict(runs(flashinfer, attention_case.make(shape), unbuilt)) for shape in SHAPES}
    metrics["cases"] = {shape.name: described(shape, each, copied, peak) for shape, each in found.items()}
    errors = [run.worst_token for each in found.values() for run in each.values() if run.worst_token is not None]
    metrics["worst_token"] = rounded(max(errors, key=_nan_last)) if errors else None
    troubles = [trouble for shape, each in found.items() for trouble in troubles_of(shape, each)]
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _nan_last(error: float) -> float:
    return error if error == error else float("inf")


def runs(flashinfer: Any, case: AttentionCase, unbuilt: dict[tuple[Any, ...], str]) -> Iterator[tuple[str, BackendRun]]:
    """BackendRun a case with each backend; a backend that cannot be built for it is noted with its reason.

    `unbuilt` remembers the reasons: the same kernel is not built in vain a second time.
    """
    shape = case.shape
    for backend in BACKENDS:
        kernel = (backend, shape.cache, shape.window < 0, shape.soft_cap > 0)
        if kernel in unbuilt:
            yield backend, BackendRun(None, unbuilt[kernel], None, None)
            continue
        try:
            chosen, call = planned(flashinfer, case, backend)
            output = call()
            synchronize()
        except Exception as error:
            unbuilt[kernel] = reason_of(error)
            yield backend, BackendRun(None, unbuilt[kernel], None, None)
            print(f"{case.shape.name}, {backend}: {reason_of(error)}", flush=True)
            continue
        found = BackendRun(chosen, None, worst_token(case, output), median_us(call))
        print(f"{case.shape.name}, {backend}: {found}", flush=True)
        yield backend, found


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
    return str(getattr(wrapper, "_backend", backend)), lambda: wrapper.run(case.queries, case.cache)


def worst_token(case: AttentionCase, output: Tensor) -> float:
    """The worst relative error of a query, over all its heads; NaN where the output holds one."""
    count = case.shape.queries
    worst = 0.0
    for sequence in range(min(case.shape.sequences, COMPARED)):
        expected = case.expected(sequence)
        difference = output[sequence * count : (sequence + 1) * count].float() - expected
        error = float((difference.flatten(1).norm(dim=1) / expected.flatten(1).norm(dim=1)).max())
        if math.isnan(error):
            return error
        worst = max(worst, error)
    return worst


def median_us(call: Callable[[], Tensor]) -> float:
    """Median microseconds of one call on the GPU: the calls follow each other without waiting for the host."""
    import torch

    for _ in range(5):
        call()
    events = [torch.cuda.Event(enable_timing=True) for _ in range(REPEATS + 1)]
    events[0].record()
    for event in events[1:]:
        call()
        event.record()
    torch.cuda.synchronize()
    return float(statistics.median(one.elapsed_time(other) * 1e3 for one, other in pairwise(events)))


def synchronize() -> None:
    """Wait for the GPU, so that an error of a kernel is raised here."""
    import torch

    torch.cuda.synchronize()


def matmul_peak() -> float:
    """Teraflops of a large bfloat16 matrix product on this card, which a prefill is held against."""
    import torch

    left = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    micros = min(timing.elapsed(lambda: left @ left) for _ in range(10))
    return float(2 * 8192**3 / micros / 1e6)


def described(shape: AttentionShape, found: dict[str, BackendRun], copied: float, peak: float) -> dict[str, Any]:
    """A case as the report holds it: by backend the choice, the error, the time, and the share of the hardware's."""
    return {backend: _described(shape, each, copied, peak) for backend, each in found.items()}


def _described(shape: AttentionShape, each: BackendRun, copied: float, peak: float) -> dict[str, Any]:
    if each.refused is not None:
        return {"not_built": each.refused}
    entry: dict[str, Any] = {"backend": each.chosen, "worst_token": rounded(each.worst_token or 0.0)}
    if each.median_us is None:
        return entry
    entry["median_us"] = round(each.median_us, 1)
    if shape.queries == 1 and shape.window < 0:
        width = 1 if shape.cache == "fp8" else 2
        read = shape.sequences * shape.length * 2 * CACHE_HEADS * SIZE * width
        entry["roofline_share"] = round(read / each.median_us / 1e3 / copied, 3)
    elif shape.queries > 1:
        operations = 4 * shape.sequences * HEADS * SIZE * shape.queries * (shape.length - (shape.queries - 1) / 2)
        entry["peak_share"] = round(operations / each.median_us / 1e6 / peak, 3)
    return entry


def troubles_of(shape: AttentionShape, found: dict[str, BackendRun]) -> Iterator[str]:
    """What makes a case red: a wrong number, `auto` that does not run, or `auto` that chose a slow backend."""
    for backend, each in found.items():
        if each.worst_token is not None and not each.worst_token <= BOUND:
            yield f"{shape.name}, {backend}: the worst token is off by {each.worst_token:.4f}, the bound is {BOUND}"
    auto = found["auto"]
    if auto.refused is not None:
        yield f"{shape.name}: auto does not run: {auto.refused}"
        return
    times = {backend: each.median_us for backend, each in found.items() if each.median_us is not None}
    fastest = min(times, key=lambda backend: times[backend])
    if times["auto"] > SLOWER * times[fastest]:
        ratio = times["auto"] / times[fastest]
        yield f"{shape.name}: auto chose {auto.chosen}, which takes {ratio:.1f} times as long as {fastest}"
