"""`mxfp4-sm90-interleave`: test the fused MoE of BF16 with MXFP4 on sm_90 in the layout that the wheel expects.

The probe finds the layout from the results: `legacy` takes the weights as they are packed, `interleaved` takes them
after the wheel's `interleave_moe_weights_for_sm90_mixed_gemm`. With the wrong layout the kernel returns wrong results
without an error; that is why this probe exists. `layouts` tells which permutation an interleave is.
"""

from __future__ import annotations

import functools
import importlib
import math
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import jit, layouts, moe_case, no_gpu, quick, timing
from .judge import Comparison, compare, rounded
from .moe_case import ALPHA, BETA, LIMIT, Case, Shape
from .protocol import ERRORS, ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

SHAPES = (
    Shape(1, 128, 128, 2, 2),
    Shape(4, 256, 256, 4, 2),
    Shape(16, 512, 512, 8, 2),
    Shape(64, 2816, 2816, 32, 4),
    Shape(256, 2816, 2816, 32, 4),
)
CAPABILITY = (9, 0)
LAYOUTS = ("legacy", "interleaved")
Prepared = tuple["Tensor", "Tensor", "Tensor", "Tensor"]


def run(request: ProbeRequest) -> ProbeResult:
    """Compile the kernel, find the layout and check the interleaves, judge every shape, and time the largest one."""
    metrics: dict[str, Any] = {}
    if request.compile_for:
        return compiled_only(request, metrics)
    if (reason := elsewhere()) is not None:
        return ProbeResult("not-run", reason)
    compiled(request, metrics)
    with jit.timed(metrics, "run_seconds"):
        troubles = _verdict(metrics)
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def elsewhere() -> str | None:
    """Return why the kernel cannot run on this machine; None if it can."""
    import torch

    if not torch.cuda.is_available():
        return "torch finds no GPU"
    major, minor = torch.cuda.get_device_capability()
    return (
        None if (major, minor) == CAPABILITY else f"this GPU has compute capability {major}.{minor}, but 9.0 is needed"
    )


def compiled_only(request: ProbeRequest, metrics: dict[str, Any]) -> ProbeResult:
    """Compile the kernel for another machine. This machine needs nvcc and no GPU, and no kernel runs."""
    import torch

    if request.compile_for != "9.0":
        return ProbeResult("not-run", f"this kernel is one of compute capability 9.0, not {request.compile_for}")
    metrics["stood_in_for_a_gpu"] = no_gpu.stand_in(torch, CAPABILITY)
    _compile(request, metrics)
    return ProbeResult("compiled", "compiled for compute capability 9.0; its results were not checked", metrics)


def compiled(request: ProbeRequest, metrics: dict[str, Any]) -> None:
    """Import FlashInfer and compile its fused MoE, and record the times in `metrics`."""
    _compile(request, metrics)
    if metrics["jit"]["scope"] == "quick":
        metrics["jit"]["tactics"] = list(map(str, quick.take_present_tactics(_smallest_call())))


def _compile(request: ProbeRequest, metrics: dict[str, Any]) -> None:
    jit.prepare(request.cache, "flashinfer-python", request.jit, CAPABILITY)
    with jit.timed(metrics, "import_seconds"):
        importlib.import_module("flashinfer")
    with jit.timed(metrics, "compile_seconds"):
        built = jit.fused_moe_sm90(request.jit)
    metrics["jit"] = {name: value for name, value in built._asdict().items() if name != "library"}


def _smallest_call() -> Callable[[], object]:
    """Return a call of the kernel at a size that every tile accepts. Its results are not judged."""
    import torch

    case = moe_case.make(Shape(16, 512, 512, 8, 2), gpt_oss=False)
    prepared = prepare(case, LAYOUTS[has_interleave()])
    output = torch.full_like(case.x, float("nan"))

    def action() -> None:
        call(case, prepared, output)
        torch.cuda.synchronize()

    return action


def _verdict(metrics: dict[str, Any]) -> list[str]:
    layout, errors = find_layout()
    metrics["layout"] = layout
    metrics["layout_errors"] = errors
    if layout is None:
        return [f"the layout cannot be determined from the results; the errors are: {_listed(errors)}"]
    troubles = _interleave_troubles(metrics) if layout == "interleaved" else []
    shapes: dict[str, Any] = {}
    for shape in SHAPES:
        for case in both(shape):
            comparison = judge(case, prepare(case, layout))
            shapes[case.name] = comparison.metrics()
            print(f"{layout} {case.name}: {comparison.metrics()}", flush=True)
            if comparison.reason:
                troubles.append(f"{case.name}: {comparison.reason}")
    metrics["shapes"] = shapes
    for name in ERRORS:
        values = [entry[name] for entry in shapes.values()]
        metrics[name] = None if None in values else max(values)
    metrics["close"] = min(entry["close"] for entry in shapes.values())
    if not troubles and metrics["jit"]["scope"] == "quick":
        metrics["timing"] = {"failed": "the scope quick compiles small kernels; times need --jit path"}
    elif not troubles:
        metrics["timing"] = _timing(layout)
    return troubles


def _interleave_troubles(metrics: dict[str, Any]) -> list[str]:
    """Name both interleaves by their fingerprints; what breaks the law of an interleave is a fault."""
    from flashinfer import fused_moe

    weights = layouts.of_weights(lambda each: fused_moe.interleave_moe_weights_for_sm90_mixed_gemm(each, "fp4"))
    scales = layouts.of_scales(fused_moe.interleave_moe_scales_for_sm90_mixed_gemm)
    metrics["layout"] = weights.name
    metrics["weights_layout"] = {"name": weights.name, "digest": weights.digest}
    metrics["scales_layout"] = {"name": scales.name, "digest": scales.digest}
    pairs = (("weights", weights), ("scales", scales))
    return [f"the interleave of the {what} {each.trouble}" for what, each in pairs if each.trouble]


def _timing(layout: str) -> dict[str, Any]:
    """Return the times, or the error under `failed`: the verdict does not depend on times."""
    try:
        return timing.time_moe(layout, prepare, call)
    except Exception as error:
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}".partition("\n")[0]}


def both(shape: Shape) -> tuple[Case, Case]:
    """Return a case without and a case with gpt-oss' biases and activation, both with the same weights."""
    case = moe_case.make(shape, gpt_oss=True)
    return case.plain(), case


def _listed(errors: dict[str, float | None]) -> str:
    """Return a text like `legacy 1.41, interleaved absent`."""
    absent = set() if has_interleave() else {"interleaved"}
    words = {name: "absent" if name in absent else "not a number" for name, error in errors.items() if error is None}
    return ", ".join(f"{name} {words.get(name, error)}" for name, error in errors.items())


def find_layout() -> tuple[str | None, dict[str, float | None]]:
    """Return the layout with correct results, or None, and the error of each layout; None for one the wheel lacks.

    An error below 0.1 is correct here, because the wrong layout gives an error above 1. The shapes are then judged
    more strictly.
    """
    case = moe_case.make(Shape(16, 512, 512, 8, 2), gpt_oss=False)
    present = [layout for layout in LAYOUTS if layout == "legacy" or has_interleave()]
    found = {layout: judge(case, prepare(case, layout)).overall for layout in present}
    right = [layout for layout, error in found.items() if error < 0.1]
    errors = {layout: rounded(found.get(layout, math.nan)) for layout in LAYOUTS}
    return (right[0] if len(right) == 1 else None), errors


def has_interleave() -> bool:
    """Return whether the wheel has the functions of the interleaved layout."""
    from flashinfer import fused_moe

    names = ("interleave_moe_weights_for_sm90_mixed_gemm", "interleave_moe_scales_for_sm90_mixed_gemm")
    return all(hasattr(fused_moe, name) for name in names)


def hand_interleaved(scales: Tensor) -> Tensor:
    """Interleave scales by definition: `[e, rows, k / 32]` to `[e, k / 128, rows * 4]`, keeping groups of four."""
    experts, rows, blocks = scales.shape
    return (
        scales.reshape(experts, rows, blocks // 4, 4)
        .permute(0, 2, 1, 3)
        .reshape(experts, blocks // 4, rows * 4)
        .contiguous()
    )


def prepare(case: Case, layout: str) -> Prepared:
    """Return both weights and both scales of a case in a layout."""
    if layout == "legacy":
        return case.w1, case.w2, hand_interleaved(case.s1), hand_interleaved(case.s2)
    from flashinfer import fused_moe

    weights, scales = (
        fused_moe.interleave_moe_weights_for_sm90_mixed_gemm,
        fused_moe.interleave_moe_scales_for_sm90_mixed_gemm,
    )
    return (
        weights(case.w1.contiguous(), "fp4"),
        weights(case.w2.contiguous(), "fp4"),
        scales(case.s1.contiguous()),
        scales(case.s2.contiguous()),
    )


def call(case: Case, prepared: Prepared, output: Tensor) -> None:
    """Call the wheel's fused MoE as an engine does, and write into `output`."""
    import torch
    from flashinfer import fused_moe

    w1, w2, s1, s2 = prepared
    # The autotuner tries every bucket up to this size; larger ones would take minutes and are not timed.
    named: dict[str, Any] = {"tune_max_num_tokens": case.shape.tokens}
    if case.gpt_oss:
        named |= _activation(case.shape.experts, case.x.device)
        named |= {"fc1_expert_biases": case.bias1, "fc2_expert_biases": case.bias2}
    fused_moe.cutlass_fused_moe(
        case.x,
        case.experts,
        case.weights,
        w1,
        w2,
        torch.bfloat16,
        quant_scales=[s1.view(torch.int32), s2.view(torch.int32)],
        use_w4_group_scaling=True,
        output=output,
        **named,
    )


@functools.cache
def _activation(experts: int, device: Any) -> dict[str, Tensor]:
    """Return gpt-oss' activation, made only once so that a timed call does not make it."""
    import torch

    values = (("swiglu_alpha", ALPHA), ("swiglu_beta", BETA), ("swiglu_limit", LIMIT))
    return {name: torch.full((experts,), value, dtype=torch.float32, device=device) for name, value in values}


def judge(case: Case, prepared: Prepared) -> Comparison:
    """Run a case into an output that is filled with NaN before, and compare."""
    import torch

    output = torch.full_like(case.x, float("nan"))
    call(case, prepared, output)
    torch.cuda.synchronize()
    return compare(output, case.expected(), case.experts)
