"""The probe of the gated delta rule over a modelled wheel: right and wrong kernels. Needs torch, no GPU."""

from __future__ import annotations

import importlib.metadata
import math
import sys
import types
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, which is no dependency of fi-bump")

from fi_bump.smoke.probes import backend_runs, gdn_build, gdn_case, gdn_prefill, jit  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.gdn_case import GdnCase, GdnShape  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.protocol import ProbeRequest  # noqa: E402  # after torch is there

REQUEST = ProbeRequest("gdn-prefill", "flashinfer", "0.7.2.post1", {"flashinfer-python": None})
SHARED = GdnShape("shared", (1, 5, 20), 2, 4)
FRESH = GdnShape("fresh", (7, 9), 2, 2, earlier=False)


def slow_rule(case: GdnCase, **changed: bool) -> tuple[Any, Any]:
    """The rule by matrices, from its definition: state' = g state (1 - b k k^T) + b v k^T, for one head at a time."""
    shape = case.shape
    outputs = torch.zeros(case.values.shape)
    states = torch.zeros(len(shape.lengths), shape.value_heads, 128, 128)
    one = torch.eye(128)
    for head in range(shape.value_heads):
        shared = head % shape.heads if changed.get("other_heads") else head * shape.heads // shape.value_heads
        state = torch.zeros(128, 128)
        for sequence, (begin, end) in enumerate(zip(case.starts[:-1].tolist(), case.starts[1:].tolist(), strict=True)):
            if not changed.get("joined"):
                state = torch.zeros(128, 128)
            if case.states is not None and not changed.get("no_earlier"):
                state = case.states[sequence, head]
            for token in range(begin, end):
                key, value = case.keys[token, shared].float(), case.values[token, head].float()
                forget = 1.0 if changed.get("no_forgetting") else case.forget[token, head]
                update = 1.0 if changed.get("all_updated") else case.update[token, head]
                state = forget * state @ (one - update * torch.outer(key, key)) + update * torch.outer(value, key)
                outputs[token, head] = state @ case.queries[token, shared].float() / math.sqrt(128)
            states[sequence, head] = state
    return outputs, states


@pytest.mark.parametrize("shape", [SHARED, FRESH], ids=lambda shape: shape.name)
def test_the_reference_is_the_rule_by_its_definition(shape: GdnShape) -> None:
    case = gdn_case.make(shape, device="cpu")
    for got, wanted in zip(gdn_case.expected(case), slow_rule(case), strict=True):
        assert torch.allclose(got, wanted, atol=1e-5)


class Wheel:
    """FlashInfer's function, computed by the matrices above; a defect changes what it computes."""

    def __init__(self, case: GdnCase) -> None:
        self.case = case
        self.defect = ""

    def chunk_gated_delta_rule(self, q: Any, k: Any, v: Any, **named: Any) -> None:
        assert named["cu_seqlens"].dtype == torch.int64
        assert named["output_final_state"] is True
        assert (named["initial_state"] is None) is (self.case.states is None)
        if self.defect == "gone":
            raise NotImplementedError("SM90 GDN prefill DSL kernel is unavailable")
        outputs, states = slow_rule(self.case, **{self.defect: True})
        named["output"].copy_(outputs)
        named["output_state"].copy_(states.transpose(-1, -2) if self.defect == "turned" else states)
        if self.defect == "unwritten":
            named["output"][-1] = math.nan


def judged(monkeypatch: pytest.MonkeyPatch, shape: GdnShape, defect: str = "") -> Any:
    """Run the probe over the modelled wheel."""
    case = gdn_case.make(shape, device="cpu")
    wheel = Wheel(case)
    wheel.defect = defect
    module = types.SimpleNamespace(chunk_gated_delta_rule=wheel.chunk_gated_delta_rule)
    monkeypatch.setitem(sys.modules, "flashinfer", module)
    monkeypatch.setattr(gdn_case, "make", lambda shape: case)
    monkeypatch.setattr(gdn_prefill, "SHAPES", (shape,))
    monkeypatch.setattr(gdn_build, "compiles_cuda", lambda: True)
    monkeypatch.setattr(gdn_build, "build", lambda wanted: {"scope": wanted})
    monkeypatch.setattr(backend_runs, "synchronize", lambda: None)
    monkeypatch.setattr(backend_runs, "median_us", lambda call: 12.345)
    monkeypatch.setattr(jit, "prepare", lambda *_: None)
    monkeypatch.setattr(jit, "take_over_builds", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    return gdn_prefill.run(REQUEST)


@pytest.mark.parametrize("shape", [SHARED, FRESH], ids=lambda shape: shape.name)
def test_a_right_wheel(monkeypatch: pytest.MonkeyPatch, shape: GdnShape) -> None:
    result = judged(monkeypatch, shape)
    assert (result.outcome, result.reason) == ("pass", None)
    entry = result.metrics["cases"][shape.name]
    assert entry["median_us"] == 12.3
    assert 0 < entry["worst_token"] < 0.01
    assert entry["worst_state"] < 0.001
    assert result.metrics["worst_token"] == entry["worst_token"]
    assert result.metrics["jit"] == {"scope": "auto"}


@pytest.mark.parametrize(
    ("defect", "shape", "reason"),
    [
        ("no_forgetting", SHARED, "shared: the worst head of a token is off by "),
        ("all_updated", SHARED, "shared: the worst head of a token is off by "),
        ("other_heads", SHARED, "shared: the worst head of a token is off by "),
        ("no_earlier", SHARED, "shared: the worst head of a token is off by "),
        ("joined", FRESH, "fresh: the worst head of a token is off by "),
        ("turned", SHARED, "shared: the worst state is off by "),
        ("unwritten", SHARED, "shared: the worst head of a token has elements that are no number"),
        ("gone", SHARED, "shared: it does not run: NotImplementedError: SM90 GDN prefill DSL kernel is unavailable"),
    ],
)
def test_a_defect_is_red(monkeypatch: pytest.MonkeyPatch, defect: str, shape: GdnShape, reason: str) -> None:
    result = judged(monkeypatch, shape, defect)
    assert result.outcome == "fail"
    assert str(result.reason).startswith(reason)


def test_a_release_that_needs_the_dsl_is_not_run_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setattr(gdn_build, "compiles_cuda", lambda: False)
    monkeypatch.setitem(sys.modules, "flashinfer", types.SimpleNamespace())
    monkeypatch.setattr(jit, "prepare", lambda *_: None)
    monkeypatch.setattr(jit, "take_over_builds", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    result = gdn_prefill.run(REQUEST)
    assert (result.outcome, result.reason) == (
        "not-run",
        "this release needs nvidia-cutlass-dsl for this kernel, and it is not installed",
    )
    assert result.metrics["nvidia_cutlass_dsl"] is None


def test_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gdn_prefill.run(REQUEST).reason == "torch finds no GPU"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (10, 0))
    assert gdn_prefill.run(REQUEST).reason == "this GPU has compute capability 10.0, not 9.0"
