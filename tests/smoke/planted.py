"""A target interpreter with a defect: `planted.py DEFECT …/probes/__main__.py REQUEST RESULT`.

It plants the defect and runs the probe as the runner would. The description of the target has no defect.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import runpy
import signal
import sys
from collections.abc import Callable
from typing import Any


def hangs() -> None:
    """Keep the GPU busy for ever."""
    torch: Any = importlib.import_module("torch")
    while True:
        torch.cuda._sleep(1 << 30)
        torch.cuda.synchronize()


def segfaults() -> None:
    """Read address 0 while the GPU is working."""
    torch: Any = importlib.import_module("torch")
    torch.ones(1, device="cuda").add_(1)
    ctypes.string_at(0)


def is_killed() -> None:
    """End like a process that the kernel kills because it uses too much memory."""
    torch: Any = importlib.import_module("torch")
    torch.ones(1, device="cuda").add_(1)
    os.kill(os.getpid(), signal.SIGKILL)


def breaks_the_context() -> None:
    """Fail an assertion on the GPU, after which every CUDA call of this process fails."""
    torch: Any = importlib.import_module("torch")
    rows = torch.zeros(4, device="cuda")
    rows[torch.tensor([1 << 20], device="cuda")].sum().item()


def expert_scale(flashinfer: Any) -> None:
    """Give the quantiser one scale per expert instead of one for all, as engines did."""
    quantise = flashinfer.fp4_quantize
    flashinfer.fp4_quantize = lambda x, scale: quantise(
        x, scale.expand(8).contiguous() if scale.numel() == 1 else scale
    )


def no_interleave(flashinfer: Any) -> None:
    """Do not interleave the packed weights, as engines did."""
    flashinfer.fused_moe.interleave_moe_weights_for_sm90_mixed_gemm = lambda weights, kind: weights


def half_interleave(flashinfer: Any) -> None:
    """Interleave, and lose a byte."""
    fused_moe = flashinfer.fused_moe
    interleave = fused_moe.interleave_moe_weights_for_sm90_mixed_gemm

    def lossy(weights: Any, kind: str) -> Any:
        moved = interleave(weights, kind).clone()
        moved.view(-1)[1] = moved.view(-1)[0]
        return moved

    fused_moe.interleave_moe_weights_for_sm90_mixed_gemm = lossy


def no_output(flashinfer: Any) -> None:
    """Never launch the kernel."""
    flashinfer.fused_moe.cutlass_fused_moe = lambda *_, **__: None


def _plan_decoding(flashinfer: Any, change: Callable[[Any, dict[str, Any]], None]) -> None:
    """Let a function change the wrapper for decoding, and the named arguments with which it is planned."""
    wrapper = flashinfer.BatchDecodeWithPagedKVCacheWrapper
    plan = wrapper.plan

    def changed(self: Any, *arguments: Any, **named: Any) -> Any:
        change(self, named)
        return plan(self, *arguments, **named)

    wrapper.plan = changed


def no_soft_cap(flashinfer: Any) -> None:
    """Bound the scores of attention so far out that nothing is bounded."""
    _plan_decoding(flashinfer, lambda _, named: named.update(logits_soft_cap=named.get("logits_soft_cap", 0.0) * 1000))


def wide_window(flashinfer: Any) -> None:
    """Let a query see one token more than its window has."""
    _plan_decoding(
        flashinfer, lambda _, named: named.update(window_left=named["window_left"] + (named["window_left"] > 0))
    )


def slow_auto(flashinfer: Any) -> None:
    """Choose FA3 for decoding, which is slow, as FlashInfer 0.6.1 did."""
    torch: Any = importlib.import_module("torch")

    def choose(wrapper: Any, named: dict[str, Any]) -> None:
        if wrapper._backend == "auto" and named["kv_data_type"] == torch.bfloat16:
            wrapper._backend = "fa3"

    _plan_decoding(flashinfer, choose)


def no_rotary(flashinfer: Any) -> None:
    """Leave the rotary part out of latent attention."""
    wrapper = importlib.import_module("flashinfer.mla").BatchMLAPagedAttentionWrapper
    run = wrapper.run
    wrapper.run = lambda self, *, q_pe, **named: run(self, q_pe=q_pe * 0, **named)


def late_drift(flashinfer: Any) -> None:
    """Change a token of the mixture, from the thousandth call on that a graph replays."""
    torch: Any = importlib.import_module("torch")
    mixture = flashinfer.fused_moe.cutlass_fused_moe
    calls = torch.zeros((), device="cuda")

    def drifting(*arguments: Any, output: Any, **named: Any) -> None:
        mixture(*arguments, output=output, **named)
        calls.add_(1)
        output[0].mul_(1 + 0.1 * (calls > 1000))

    flashinfer.fused_moe.cutlass_fused_moe = drifting


def no_exchange(flashinfer: Any) -> None:
    """Norm what a rank has itself, without the other's."""
    comm: Any = importlib.import_module("flashinfer.comm")

    def alone(**named: Any) -> None:
        total = named["input"].float() + named["residual_in"].float()
        named["residual_out"].copy_(total)
        scale = (total.square().mean(dim=-1, keepdim=True) + named["rms_eps"]).rsqrt()
        named["norm_out"].copy_(total * scale * named["rms_gamma"].float())

    comm.allreduce_fusion = alone


def no_forgetting(flashinfer: Any) -> None:
    """Leave the forget gate out of the gated delta rule."""
    # Without nvidia-cutlass-dsl later releases do not have it.
    if (rule := getattr(flashinfer, "chunk_gated_delta_rule", None)) is not None:
        flashinfer.chunk_gated_delta_rule = lambda *arguments, g, **named: rule(*arguments, g=g * 0 + 1, **named)


BEFORE: dict[str, Callable[[], None]] = {
    each.__name__: each for each in (hangs, segfaults, is_killed, breaks_the_context)
}
IN_FLASHINFER: dict[str, Callable[[Any], None]] = {
    each.__name__: each
    for each in (
        expert_scale,
        no_interleave,
        half_interleave,
        no_output,
        no_soft_cap,
        wide_window,
        slow_auto,
        no_rotary,
        late_drift,
        no_exchange,
        no_forgetting,
    )
}


def _plant_when_imported(plant: Callable[[Any], None]) -> None:
    """Change FlashInfer when the probe imports it: an earlier import would not know the folder for compiling."""
    imported = importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        module = imported(name, package)
        if name == "flashinfer" and not hasattr(module, "planted"):
            importlib.import_module("flashinfer.fused_moe")
            plant(module)
            module.planted = True  # type: ignore[attr-defined]  # a new attribute of a third-party module
        return module

    importlib.import_module = import_module


def main(defect: str, probes: str, request: str, result: str) -> None:
    """Plant the defect, then run the probe."""
    with open(request, encoding="utf-8") as file:
        wanted = json.load(file)["probe"]
    if wanted != "target" and defect in BEFORE:
        BEFORE[defect]()
    if wanted != "target" and defect in IN_FLASHINFER:
        _plant_when_imported(IN_FLASHINFER[defect])
    sys.argv = [probes, request, result]
    runpy.run_path(probes, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
