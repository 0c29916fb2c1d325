"""`gdn-prefill`: the gated delta rule over whole sequences: outputs, states, and time.

Models with linear attention (Qwen3-Next) need it. Compute capability 9.0; the releases up to 0.6.11 compile CUDA for
it, later ones need nvidia-cutlass-dsl.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import math
from typing import TYPE_CHECKING, Any

from . import backend_runs, gdn_build, gdn_case, jit
from .fp4_scale import reason_of
from .gdn_case import SIZE, GdnCase, GdnShape
from .judge import TINY, rounded
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

# Lengths around the chunk of 64 tokens. 16 and 32 heads are those of Qwen3-Next; with few sequences the releases from
# 0.6.18 on split a sequence, with many they do not.
SHAPES = (
    GdnShape("lengths 1 to 1,000, 32 value heads", (1, 63, 64, 65, 200, 1000), 16, 32),
    GdnShape("lengths 1 to 1,000, 16 value heads", (1, 63, 64, 65, 200, 1000), 16, 16),
    GdnShape("one of 4,096, no earlier state", (4096,), 16, 32, earlier=False),
    GdnShape("32 of 256", (256,) * 32, 16, 32),
)
# The error of the worst head of a token, and of the worst head's state: a chunk's products are rounded to bfloat16.
BOUND = 0.03


def run(request: ProbeRequest) -> ProbeResult:
    """Judge outputs and states of every shape, and time each."""
    if (reason := backend_runs.elsewhere()) is not None:
        return ProbeResult("not-run", reason)
    metrics: dict[str, Any] = {"nvidia_cutlass_dsl": _dsl()}
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    with jit.timed(metrics, "import_seconds"):
        flashinfer = importlib.import_module("flashinfer")
    jit.take_over_builds()
    if gdn_build.compiles_cuda():
        with jit.timed(metrics, "compile_seconds"):
            metrics["jit"] = gdn_build.build(request.jit)
    elif metrics["nvidia_cutlass_dsl"] is None:
        reason = "this release needs nvidia-cutlass-dsl for this kernel, and it is not installed"
        return ProbeResult("not-run", reason, metrics)
    cases: dict[str, Any] = {}
    metrics["cases"] = cases
    troubles: list[str] = []
    with jit.timed(metrics, "run_seconds"):
        for shape in SHAPES:
            cases[shape.name] = entry = _judged(flashinfer, gdn_case.make(shape))
            print(f"{shape.name}: {entry}", flush=True)
            troubles += [f"{shape.name}: {trouble}" for trouble in troubles_of(entry)]
    errors = [entry["worst_token"] for entry in cases.values() if entry.get("worst_token") is not None]
    metrics["worst_token"] = max(errors) if len(errors) == len(cases) else None
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _dsl() -> str | None:
    try:
        return importlib.metadata.version("nvidia-cutlass-dsl")
    except importlib.metadata.PackageNotFoundError:
        return None


def _judged(flashinfer: Any, case: GdnCase) -> dict[str, Any]:
    """Return the errors of a case and its time in microseconds, or the reason for which it does not run."""
    try:
        output, states = call(flashinfer, case)
        backend_runs.synchronize()
    except Exception as error:
        return {"failed": reason_of(error)}
    expected, expected_states = gdn_case.expected(case)
    return {
        "worst_token": rounded(worst(output, expected)),
        "worst_state": rounded(worst(states.flatten(2), expected_states.flatten(2))),
        "median_us": round(backend_runs.median_us(lambda: call(flashinfer, case)[0]), 1),
    }


def call(flashinfer: Any, case: GdnCase) -> tuple[Tensor, Tensor]:
    """Call the wheel's kernel as an engine does; return the outputs and the states after each sequence."""
    import torch

    tokens = case.values.shape[0]
    output = torch.full_like(case.values, math.nan)
    size = (len(case.shape.lengths), case.shape.value_heads, SIZE, SIZE)
    states = torch.full(size, math.nan, dtype=torch.float32, device=output.device)
    flashinfer.chunk_gated_delta_rule(
        case.queries,
        case.keys,
        case.values,
        g=case.forget,
        beta=case.update,
        initial_state=case.states,
        output_final_state=True,
        cu_seqlens=case.starts,
        output=output[:tokens],
        output_state=states,
    )
    return output, states


def worst(got: Tensor, expected: Tensor) -> float:
    """Return the worst relative error of a head `[…, heads, elements]`; NaN where `got` holds one."""
    errors = (got.float() - expected).norm(dim=-1) / expected.norm(dim=-1).clamp(min=TINY)
    return float(errors.max())


def troubles_of(entry: dict[str, Any]) -> list[str]:
    """Return what is wrong with a case: it does not run, or an error is above the bound or no number."""
    if "failed" in entry:
        return [f"it does not run: {entry['failed']}"]
    troubles = []
    for name, what in (("worst_token", "the worst head of a token"), ("worst_state", "the worst state")):
        if entry[name] is None:
            troubles.append(f"{what} has elements that are no number")
        elif not entry[name] <= BOUND:
            troubles.append(f"{what} is off by {entry[name]:.4f}, the bound is {BOUND}")
    return troubles
