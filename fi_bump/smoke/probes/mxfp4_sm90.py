"""`mxfp4-sm90-interleave`: the fused MoE of BF16 with MXFP4 on sm_90, in the layout that the wheel expects.

Which one that is comes out of the numbers: `legacy` takes the weights as they are packed, `interleaved` wants them
through the wheel's own `interleave_moe_weights_for_sm90_mixed_gemm` first. Fed the wrong one, a kernel answers
something wrong without an error, which is why this probe exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import jit, moe_case, timing
from .judge import Comparison, compare
from .moe_case import ALPHA, BETA, LIMIT, Case, Shape
from .protocol import Request, Result

if TYPE_CHECKING:
    from torch import Tensor

SHAPES = (
    Shape(1, 128, 128, 2, 2),
    Shape(4, 256, 256, 4, 2),
    Shape(16, 512, 512, 8, 2),
    Shape(64, 2816, 2816, 32, 4),
    Shape(256, 2816, 2816, 32, 4),
)
LAYOUTS = ("legacy", "interleaved")
Prepared = tuple["Tensor", "Tensor", "Tensor", "Tensor"]


def run(request: Request) -> Result:
    """Compile, find the layout, check it against its definition, judge every shape, and time the largest."""
    import torch

    if torch.cuda.get_device_capability() != (9, 0):
        major, minor = torch.cuda.get_device_capability()
        return Result("not-run", f"this GPU has compute capability {major}.{minor}, the layout is that of 9.0")
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    seconds: dict[str, float] = {}
    with jit.timed(seconds, "import"):
        import flashinfer  # noqa: F401  # what it costs is part of the answer
    with jit.timed(seconds, "compile"):
        built = jit.fused_moe_sm90(request.jit)
    metrics: dict[str, Any] = {"compile_seconds": seconds["compile"], "import_seconds": seconds["import"]}
    metrics["jit"] = built._asdict()
    with jit.timed(seconds, "run"):
        troubles = _verdict(metrics)
    metrics["run_seconds"] = seconds["run"]
    return Result("fail", "; ".join(troubles), metrics) if troubles else Result("pass", None, metrics)


def _verdict(metrics: dict[str, Any]) -> list[str]:
    layout, errors = find_layout()
    metrics["layout"] = layout
    metrics["layout_errors"] = errors
    if layout is None:
        return [f"neither layout gives the right numbers: {errors}"]
    troubles = interleave_troubles() if layout == "interleaved" else []
    shapes: dict[str, Any] = {}
    for shape in SHAPES:
        for gpt_oss in (False, True):
            case = moe_case.make(shape, gpt_oss=gpt_oss)
            comparison = judge(case, prepare(case, layout))
            name = f"{shape.name}{', gpt-oss' if gpt_oss else ''}"
            shapes[name] = comparison.metrics()
            print(f"{layout} {name}: {comparison.metrics()}", flush=True)
            if comparison.reason:
                troubles.append(f"{name}: {comparison.reason}")
    metrics["shapes"] = shapes
    metrics["worst_token"] = max(entry["worst_token"] or 1e9 for entry in shapes.values())
    metrics["worst_expert"] = max(entry["worst_expert"] or 1e9 for entry in shapes.values())
    if not troubles:
        metrics["timing"] = timing.time_moe(layout, prepare, call)
    return troubles


def find_layout() -> tuple[str | None, dict[str, float | None]]:
    """The layout whose numbers are right, and each one's error over all; None for one that the wheel does not have."""
    case = moe_case.make(Shape(16, 512, 512, 8, 2), gpt_oss=False)
    errors: dict[str, float | None] = {}
    for layout in LAYOUTS:
        prepared = prepare(case, layout) if layout == "legacy" or has_interleave() else None
        errors[layout] = judge(case, prepared).metrics()["overall"] if prepared else None
    right = [name for name, error in errors.items() if error is not None and error < 0.1]
    return (right[0] if len(right) == 1 else None), errors


def has_interleave() -> bool:
    """Whether the wheel has the functions of the new layout."""
    from flashinfer import fused_moe

    names = ("interleave_moe_weights_for_sm90_mixed_gemm", "interleave_moe_scales_for_sm90_mixed_gemm")
    return all(hasattr(fused_moe, name) for name in names)


def hand_interleaved(scales: Tensor) -> Tensor:
    """The definition of the scale interleave: `[e, rows, k / 32]` to `[e, k / 128, rows * 4]`, fours kept together."""
    experts, rows, blocks = scales.shape
    return (
        scales.reshape(experts, rows, blocks // 4, 4)
        .permute(0, 2, 1, 3)
        .reshape(experts, blocks // 4, rows * 4)
        .contiguous()
    )


def prepare(case: Case, layout: str) -> Prepared:
    """Both weights and both scales as a layout wants them."""
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
    """The wheel's fused MoE, as an engine calls it."""
    import torch
    from flashinfer import fused_moe

    w1, w2, s1, s2 = prepared
    named: dict[str, Any] = {}
    if case.gpt_oss:
        experts = case.shape.experts
        for name, value in (("swiglu_alpha", ALPHA), ("swiglu_beta", BETA), ("swiglu_limit", LIMIT)):
            named[name] = torch.full((experts,), value, dtype=torch.float32, device=case.x.device)
        named |= {"fc1_expert_biases": case.bias1, "fc2_expert_biases": case.bias2}
    fused_moe.cutlass_fused_moe(
        case.x,
        case.experts.to(torch.int),
        case.weights.float(),
        w1,
        w2,
        torch.bfloat16,
        quant_scales=[s1.view(torch.int32), s2.view(torch.int32)],
        use_w4_group_scaling=True,
        output=output,
        **named,
    )


def judge(case: Case, prepared: Prepared) -> Comparison:
    """Run a case into an output that holds no number before, and compare."""
    import torch

    output = torch.full_like(case.x, float("nan"))
    call(case, prepared, output)
    torch.cuda.synchronize()
    return compare(output, case.expected(), case.experts)


def interleave_troubles() -> list[str]:
    """The scale interleave against its definition, bit for bit; the weights' as a permutation of nibbles."""
    import torch
    from flashinfer import fused_moe

    case = moe_case.make(Shape(1, 512, 256, 2, 1), gpt_oss=False)
    troubles = []
    for name, scales in (("first", case.s1), ("second", case.s2)):
        if not torch.equal(fused_moe.interleave_moe_scales_for_sm90_mixed_gemm(scales), hand_interleaved(scales)):
            troubles.append(f"the interleave of the {name} scales is not its definition")
    for name, weights in (("first", case.w1), ("second", case.w2)):
        reason = permutation_trouble(
            weights, lambda each: fused_moe.interleave_moe_weights_for_sm90_mixed_gemm(each, "fp4")
        )
        if reason:
            troubles.append(f"the interleave of the {name} weights {reason}")
    return troubles


def permutation_trouble(weights: Tensor, interleave: Any) -> str | None:
    """Why a function of packed weights is no permutation of their nibbles other than the identity; None when it is.

    Every nibble's place is written in base 16 and sent through digit by digit, so that each one is seen to arrive.
    """
    import torch

    count = weights.numel() * 2
    places = torch.arange(count, device=weights.device)
    arrived = torch.zeros(count, dtype=torch.int64, device=weights.device)
    digits = 1
    while 16**digits < count:
        digits += 1
    for digit in range(digits):
        values = ((places >> (4 * digit)) & 15).to(torch.uint8)
        packed = (values[0::2] | (values[1::2] << 4)).reshape(weights.shape)
        out = interleave(packed).flatten()
        if out.numel() != packed.numel():
            return "changes the size"
        unpacked = torch.stack((out & 15, out >> 4), dim=-1).flatten().long()
        arrived |= unpacked << (4 * digit)
    if torch.equal(arrived, places):
        return "changes nothing"
    if not torch.equal(arrived.sort().values, places):
        return "is no permutation of nibbles: some are lost or doubled"
    # What held for the places must hold for the weights themselves: no value is treated differently.
    nibbles = torch.stack((weights.flatten() & 15, weights.flatten() >> 4), dim=-1).flatten()
    out = interleave(weights).flatten()
    if not torch.equal(torch.stack((out & 15, out >> 4), dim=-1).flatten(), nibbles[arrived]):
        return "treats values differently"
    return None
