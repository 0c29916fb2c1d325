"""Tests of the MXFP4 probe and its planted defects with a model of the wheel. They need torch but no GPU."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, on which fi-bump does not depend")

from fi_bump.smoke.probes import defects, jit, layouts, moe_case, mxfp4_sm90, quick, timing  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.judge import compare  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.moe_case import Case, Shape  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.protocol import ProbeRequest  # noqa: E402  # after torch is there
from tests.smoke.probes import kernel_model  # noqa: E402  # after torch is there

REQUEST = ProbeRequest("mxfp4-sm90-interleave", "flashinfer", "0.6.11.post2", {"flashinfer-python": None})
# With many inner rows, one wrong row is a small part of an output, as in a real model.
WIDE = Shape(48, 128, 2816, 4, 2)
ROW = "one row's signs flipped in one expert"


def answer(case: Case) -> Any:
    """Return the output of a correct kernel."""
    activation = {"alpha": 1.702, "beta": 1.0, "limit": 7.0} if case.gpt_oss else {}
    _, x, w1, w2, s1, s2, weights, experts, bias1, bias2 = case
    return kernel_model.fused_moe(x, experts, weights, w1, w2, s1, s2, bias1, bias2, **activation)


@pytest.fixture(scope="module")
def wide() -> Case:
    """Make a mixture on the CPU."""
    return moe_case.make(WIDE, gpt_oss=True, device="cpu")


@pytest.mark.parametrize("shape", [Shape(1, 128, 128, 2, 2), Shape(16, 512, 512, 8, 2), WIDE])
@pytest.mark.parametrize("gpt_oss", [False, True])
def test_a_right_kernel_is_green(shape: Shape, gpt_oss: bool) -> None:
    case = moe_case.make(shape, gpt_oss=gpt_oss, device="cpu")
    found = compare(answer(case), case.expected(), case.experts)
    assert found.reason is None
    # An H200 measured 0.0038 to 0.0047.
    assert 0.002 < found.overall <= found.worst_token < 0.006
    assert found.close == 1.0


@pytest.mark.parametrize("gpt_oss", [False, True])
def test_every_planted_defect_is_red(wide: Case, gpt_oss: bool) -> None:
    case = wide if gpt_oss else wide.plain()
    expected = case.expected()
    found = {name: compare(answer(fed), expected, case.experts) for name, fed in defects.planted(case)}
    assert {name for name, each in found.items() if each.reason is None} == {"none"}
    assert len(found) == 9
    # A flipped row is the smallest defect; every other one is off by more than half somewhere.
    assert all(each.worst_token > 0.5 for name, each in found.items() if name not in ("none", ROW))


def test_the_customary_test_lets_a_flipped_row_pass(wide: Case) -> None:
    # Inside a model outputs are a fifth as large, so the absolute tolerance decides.
    case = wide.plain()._replace(weights=wide.weights * 0.2)
    expected = case.expected()
    found = compare(answer(dict(defects.planted(case))[ROW]), expected, case.experts)
    # 99.9 % of the elements are within 0.1 absolute and relative.
    assert found.close > 0.999
    assert str(found.reason).startswith("the worst token is off by 0.05")


def test_the_defects_change_what_they_say(wide: Case) -> None:
    assert defects.swapped(torch.tensor([0x12, 0xF0], dtype=torch.uint8)).tolist() == [0x21, 0x0F]
    assert defects.halves_swapped(torch.arange(4).reshape(1, 4)).tolist() == [[2, 3, 0, 1]]
    assert defects.stale(torch.tensor([[1], [2], [3]]), 1).tolist() == [[1], [1], [3]]
    assert defects.stale(torch.tensor([[1], [2], [3]]), 0).tolist() == [[3], [2], [3]]
    assert defects.flipped(torch.zeros(2, 2, 1, dtype=torch.uint8), 1).tolist() == [[[0], [0]], [[0x88], [0]]]
    changed = {
        name: [field for field in Case._fields if getattr(wide, field) is not getattr(fed, field)]
        for name, fed in defects.planted(wide)
    }
    assert changed == {
        "none": [],
        "nibbles swapped in w1": ["w1"],
        "nibbles swapped in w2": ["w2"],
        "s1 off by one group": ["s1"],
        "s2 off by one group": ["s2"],
        "gate and up swapped": ["w1", "s1"],
        "scales twice too large": ["s1", "s2"],
        "one expert's weights stale": ["w1"],
        ROW: ["w1"],
    }


def test_cases_are_the_same_every_time() -> None:
    shape = Shape(5, 128, 256, 3, 2)
    case, again = (moe_case.make(shape, gpt_oss=True, device="cpu") for _ in range(2))
    other = moe_case.make(shape, gpt_oss=True, seed=1, device="cpu")
    fields = ("x", "w1", "w2", "s1", "s2", "weights", "experts", "bias1", "bias2")
    assert all(torch.equal(getattr(case, field), getattr(again, field)) for field in fields)
    assert not any(torch.equal(getattr(case, field), getattr(other, field)) for field in fields if field != "experts")
    assert [tuple(getattr(case, field).shape) for field in fields] == [
        (5, 128),
        (3, 512, 64),
        (3, 128, 128),
        (3, 512, 4),
        (3, 128, 8),
        (5, 2),
        (5, 2),
        (3, 512),
        (3, 128),
    ]
    assert case.name == "5x128x256, 2 of 3, gpt-oss"
    assert case.plain().name == "5x128x256, 2 of 3"
    assert torch.equal(moe_case.make(shape, gpt_oss=False, device="cpu").w1, case.w1)


def test_fewer_tokens_of_the_same_case(wide: Case) -> None:
    few = wide.first(3)
    assert few.name == "3x128x2816, 2 of 4, gpt-oss"
    assert torch.allclose(few.expected(), wide.expected()[:3], rtol=1e-5, atol=1e-5)


def test_limits_are_reached_and_outputs_are_of_the_order_of_one(wide: Case) -> None:
    rows = wide.x.float() @ kernel_model.mxfp4(wide.w1[0], wide.s1[0]).T
    cut = float((rows.abs() > 7).float().mean())
    assert 0.02 < cut < 0.2
    for shape in (Shape(4, 128, 128, 2, 2), Shape(4, 512, 512, 4, 2), WIDE):
        size = float(moe_case.make(shape, gpt_oss=False, device="cpu").expected().pow(2).mean().sqrt())
        assert 0.5 < size < 5


def test_shapes_fit_the_interleave_and_reach_the_size_of_a_model() -> None:
    assert all(size % 128 == 0 for shape in mxfp4_sm90.SHAPES for size in (shape.hidden, shape.inner))
    assert Shape(64, 2816, 2816, 32, 4) in mxfp4_sm90.SHAPES
    assert (mxfp4_sm90.SHAPES[0].tokens, mxfp4_sm90.SHAPES[-1].tokens) == (1, 256)
    assert [shape.tokens for shape in defects.SHAPES] == [16, 64, 256]


def test_the_scale_interleave_by_its_definition() -> None:
    scales = torch.arange(2 * 3 * 8, dtype=torch.uint8).reshape(2, 3, 8)
    out = mxfp4_sm90.hand_interleaved(scales)
    assert out.shape == (2, 2, 12)
    places = [(expert, row, block) for expert in range(2) for row in range(3) for block in range(8)]
    assert all(out[e, block // 4, row * 4 + block % 4] == scales[e, row, block] for e, row, block in places)


@pytest.fixture
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], kernel_model.Wheel]:
    """Run a whole probe with a model of a wheel with this layout, with small shapes, without compiling and timing."""

    def install(layout: str) -> kernel_model.Wheel:
        wheel = kernel_model.Wheel(layout)
        monkeypatch.setitem(sys.modules, "flashinfer", types.SimpleNamespace(fused_moe=wheel.module))
        monkeypatch.setattr(moe_case, "make", functools.partial(moe_case.make, device="cpu"))
        for name in ("of_weights", "of_scales"):
            monkeypatch.setattr(layouts, name, functools.partial(getattr(layouts, name), device="cpu"))
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
        monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
        monkeypatch.setattr(jit, "prepare", lambda *_: None)
        monkeypatch.setattr(
            jit,
            "fused_moe_sm90",
            lambda _: jit.Built(
                library="/x/y.so", scope="path", reason=None, seconds=1.5, units=24, trapped=223, cached=False
            ),
        )
        monkeypatch.setattr(timing, "time_moe", lambda layout, prepare, call: {"layout": layout})
        monkeypatch.setattr(mxfp4_sm90, "SHAPES", (Shape(1, 128, 128, 2, 2), Shape(8, 256, 256, 4, 2)))
        monkeypatch.setattr(defects, "SHAPES", (Shape(16, 256, 512, 4, 2),))
        return wheel

    return install


@pytest.mark.parametrize("layout", ["interleaved", "legacy"])
def test_the_layout_is_told_from_the_numbers(on_the_cpu: Callable[[str], kernel_model.Wheel], layout: str) -> None:
    on_the_cpu(layout)
    result = mxfp4_sm90.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    metrics = result.metrics
    # The model of the wheel permutes nibbles in an order that no release has.
    assert metrics["layout"] == ("unknown" if layout == "interleaved" else "legacy")
    assert metrics["timing"] == {"layout": layout}
    assert metrics["jit"] == {
        "scope": "path",
        "reason": None,
        "seconds": 1.5,
        "units": 24,
        "trapped": 223,
        "cached": False,
    }
    errors = metrics["layout_errors"]
    assert errors.pop(layout) < 0.006
    assert errors == {"legacy": errors["legacy"]} if layout == "interleaved" else errors == {"interleaved": None}
    assert all(error is None or error > 1 for error in errors.values())
    assert list(metrics["shapes"]) == [
        "1x128x128, 2 of 2",
        "1x128x128, 2 of 2, gpt-oss",
        "8x256x256, 2 of 4",
        "8x256x256, 2 of 4, gpt-oss",
    ]
    assert metrics["worst_token"] == max(each["worst_token"] for each in metrics["shapes"].values())
    assert metrics["worst_expert"] == max(each["worst_expert"] for each in metrics["shapes"].values())
    assert metrics["close"] == 1.0
    assert set(metrics) >= {"import_seconds", "compile_seconds", "run_seconds", "overall"}


def test_a_kernel_that_is_right_in_no_layout(on_the_cpu: Callable[[str], kernel_model.Wheel]) -> None:
    wheel = on_the_cpu("interleaved")
    wheel.module.cutlass_fused_moe = lambda *_, output, **__: output.zero_()
    result = mxfp4_sm90.run(REQUEST)
    assert result.outcome == "fail"
    assert result.reason == (
        "the layout cannot be determined from the results; the errors are: legacy 1.0, interleaved 1.0"
    )
    result = defects.run(REQUEST)
    assert (result.outcome, result.reason) == ("fail", "the layout cannot be determined from the results")


def test_a_kernel_that_is_wrong_with_biases(on_the_cpu: Callable[[str], kernel_model.Wheel]) -> None:
    wheel = on_the_cpu("interleaved")
    right = wheel.module.cutlass_fused_moe

    def without_beta(*arguments: Any, **named: Any) -> None:
        if "swiglu_beta" in named:
            named["swiglu_beta"] = torch.zeros_like(named["swiglu_beta"])
        right(*arguments, **named)

    wheel.module.cutlass_fused_moe = without_beta
    result = mxfp4_sm90.run(REQUEST)
    assert result.outcome == "fail"
    assert str(result.reason).startswith("1x128x128, 2 of 2, gpt-oss: the worst token is off by 0.")
    assert "timing" not in result.metrics
    shapes = result.metrics["shapes"]
    assert shapes["8x256x256, 2 of 4"]["worst_token"] < 0.006 < shapes["8x256x256, 2 of 4, gpt-oss"]["worst_token"]


def test_what_cannot_be_timed_is_stated(
    on_the_cpu: Callable[[str], kernel_model.Wheel], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_cpu("legacy")

    def uncapturable(*_: Any) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(timing, "time_moe", uncapturable)
    result = mxfp4_sm90.run(REQUEST)
    assert result.outcome == "pass"
    assert result.metrics["timing"] == {"failed": "RuntimeError: operation not permitted when stream is capturing"}


def test_a_kernel_that_leaves_an_output_unwritten(on_the_cpu: Callable[[str], kernel_model.Wheel]) -> None:
    wheel = on_the_cpu("legacy")
    right = wheel.module.cutlass_fused_moe

    def lazy(*arguments: Any, output: Any, **named: Any) -> None:
        if output.shape[0] != 1:
            right(*arguments, output=output, **named)

    wheel.module.cutlass_fused_moe = lazy
    result = mxfp4_sm90.run(REQUEST)
    assert result.reason == (
        "1x128x128, 2 of 2: 128 elements were not written, or are NaN or infinite; "
        "1x128x128, 2 of 2, gpt-oss: 128 elements were not written, or are NaN or infinite"
    )
    assert result.metrics["worst_token"] is None


def without_last_bit(weights: Any) -> Any:
    """Lose one bit of all, which is too little to change the results noticeably."""
    out = weights.clone()
    out.view(-1)[-1] &= 0x7F
    return out


@pytest.mark.parametrize(
    ("weights", "scales", "reason"),
    [
        (
            lambda wheel, given: without_last_bit(wheel.interleaved_weights(given, "fp4")),
            None,
            "the interleave of the weights is not a permutation of bits: some are lost or duplicated",
        ),
        (None, lambda wheel, given: wheel.interleaved_scales(given.roll(1, -1)), "the layout cannot be determined"),
        (lambda wheel, given: given.clone(), None, "the layout cannot be determined from the results"),
    ],
    ids=["a bit is lost", "scales are swapped", "nothing is interleaved"],
)
def test_interleaves_that_are_wrong_themselves(
    on_the_cpu: Callable[[str], kernel_model.Wheel], weights: Any, scales: Any, reason: str
) -> None:
    wheel = on_the_cpu("interleaved")
    if weights:
        wheel.module.interleave_moe_weights_for_sm90_mixed_gemm = lambda given, kind: weights(wheel, given)
    if scales:
        wheel.module.interleave_moe_scales_for_sm90_mixed_gemm = lambda given: scales(wheel, given)
    result = mxfp4_sm90.run(REQUEST)
    assert result.outcome == "fail"
    assert reason in str(result.reason)


def test_times_are_not_measured_with_small_kernels(
    on_the_cpu: Callable[[str], kernel_model.Wheel], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_cpu("interleaved")
    monkeypatch.setattr(
        jit,
        "fused_moe_sm90",
        lambda _: jit.Built(
            library="/x/y.so", scope="quick", reason=None, seconds=1.5, units=22, trapped=279, cached=False
        ),
    )
    monkeypatch.setattr(quick, "take_present_tactics", lambda call: (call(), 0, 116)[1:])
    result = mxfp4_sm90.run(REQUEST)
    assert result.outcome == "pass"
    assert result.metrics["jit"]["tactics"] == ["0", "116"]
    assert result.metrics["timing"] == {"failed": "the scope quick compiles small kernels; times need --jit path"}


@pytest.mark.parametrize(("layout", "planted"), [("interleaved", 10), ("legacy", 9)])
def test_every_defect_is_noticed_in_a_wheel(
    on_the_cpu: Callable[[str], kernel_model.Wheel], capsys: pytest.CaptureFixture[str], layout: str, planted: int
) -> None:
    on_the_cpu(layout)
    result = defects.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    assert (result.metrics["killed"], result.metrics["planted"]) == (planted, planted)
    assert ("weights not interleaved" in result.metrics["red_in"]) is (layout == "interleaved")
    assert result.metrics["red_in"]["output left unwritten"] == 2
    assert capsys.readouterr().out.endswith(f"kill rate: {planted} of {planted}\n")


def test_a_defect_that_survives_and_a_false_alarm() -> None:
    right = compare(torch.ones(1, 2), torch.ones(1, 2), torch.zeros(1, 1))
    wrong = compare(torch.zeros(1, 2), torch.ones(1, 2), torch.zeros(1, 1))
    found = {
        "small": {"none": right, "swapped": right, "stale": wrong, "flipped": right},
        "large": {"none": wrong, "swapped": wrong, "stale": wrong, "flipped": right},
    }
    result = defects.verdict(found, {})
    assert result.reason == "not noticed: flipped; red without a defect: large"
    assert result.metrics["red_in"] == {"swapped": 1, "stale": 2, "flipped": 0}
    assert (result.metrics["killed"], result.metrics["planted"]) == (2, 3)


@pytest.mark.parametrize("probe", [mxfp4_sm90, defects])
def test_other_machines(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = probe.run(REQUEST)
    assert (result.outcome, result.reason) == ("not-run", "torch finds no GPU")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (10, 0))
    result = probe.run(REQUEST)
    assert result.outcome == "not-run"
    assert result.reason == "this GPU has compute capability 10.0, but 9.0 is needed"


def test_compiling_for_another_machine_runs_nothing(
    on_the_cpu: Callable[[str], kernel_model.Wheel], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_cpu("legacy")
    prepared: list[tuple[object, ...]] = []
    monkeypatch.setattr(jit, "prepare", lambda *arguments: prepared.append(arguments))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(mxfp4_sm90, "call", lambda *_: pytest.fail("a kernel ran"))
    result = mxfp4_sm90.run(replace(REQUEST, compile_for="9.0"))
    assert (result.outcome, result.reason) == (
        "compiled",
        "compiled for compute capability 9.0; its results were not checked",
    )
    assert result.metrics["stood_in_for_a_gpu"] is True
    assert result.metrics["jit"]["units"] == 24
    assert torch.cuda.get_device_capability() == (9, 0)
    assert [arguments[-1] for arguments in prepared] == [(9, 0)]


def test_compiling_for_a_machine_that_has_no_use_for_the_kernel(
    on_the_cpu: Callable[[str], kernel_model.Wheel],
) -> None:
    on_the_cpu("legacy")
    result = mxfp4_sm90.run(replace(REQUEST, compile_for="10.0"))
    assert (result.outcome, result.reason) == (
        "not-run",
        "this kernel is one of compute capability 9.0, not 10.0",
    )
