"""The probe of paged attention over a modelled wheel: right and wrong kernels, choices and times. Needs torch, no GPU."""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, which is no dependency of fi-bump")

from fi_bump.smoke.probes import attention_case, backend_runs, jit, paged_attention, timing  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.attention_case import AttentionCase, AttentionShape  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.judge import BOUND  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.protocol import ProbeRequest  # noqa: E402  # after torch is there

REQUEST = ProbeRequest("paged-attention", "flashinfer", "0.7.2.post1", {"flashinfer-python": None})
DECODE = AttentionShape("decode", 3, 64)
WINDOW = AttentionShape("window", 2, 64, window=15, soft_cap=5.0)
PREFILL = AttentionShape("prefill", 2, 64, queries=16)
MANY = AttentionShape("many", 16, 16)
FP8 = AttentionShape("fp8", 2, 32, cache="fp8")


def slow_reference(case: AttentionCase, sequence: int) -> Any:
    """Attention by loops over queries and heads, from the definition."""
    keys, values = case.keys_and_values(sequence)
    shape = case.shape
    out = torch.zeros(shape.queries, attention_case.HEADS, attention_case.SIZE)
    for query in range(shape.queries):
        own = shape.length - shape.queries + query
        first = 0 if shape.window < 0 else max(0, own - shape.window)
        for head in range(attention_case.HEADS):
            cached = head // (attention_case.HEADS // attention_case.CACHE_HEADS)
            asked = case.queries[sequence * shape.queries + query, head].float()
            scores = keys[first : own + 1, cached] @ asked / math.sqrt(attention_case.SIZE)
            if shape.soft_cap:
                scores = shape.soft_cap * torch.tanh(scores / shape.soft_cap)
            out[query, head] = scores.softmax(0) @ values[first : own + 1, cached]
    return out


@pytest.mark.parametrize("shape", [DECODE, WINDOW, PREFILL, FP8], ids=lambda shape: shape.name)
def test_the_reference_is_attention_by_its_definition(shape: AttentionShape) -> None:
    case = attention_case.make(shape, device="cpu")
    assert torch.allclose(case.expected(1), slow_reference(case, 1), atol=1e-5)


class Wheel:
    """FlashInfer's two wrappers, computed by the loops above; a defect changes what they compute or choose."""

    def __init__(self) -> None:
        self.defect = ""
        self.case: AttentionCase | None = None

    def wrapper(self, workspace: Any, layout: str, *, backend: str, use_tensor_cores: bool = True) -> Any:
        assert layout == "NHD"
        assert use_tensor_cores
        if self.defect == "no auto" and backend == "auto":
            raise RuntimeError("no kernel for this")
        made = types.SimpleNamespace(_backend="fa2" if backend == "auto" else backend)

        def plan(*arguments: Any, q_data_type: Any, kv_data_type: Any, **features: Any) -> None:
            assert self.case is not None
            assert kv_data_type != torch.float8_e4m3fn or backend != "fa3"
            if self.defect == "fa3 does not compile" and backend == "fa3":
                raise RuntimeError("long text\nNinja build failed.")
            shape = self.case.shape
            assert features["window_left"] == shape.window
            assert features.get("logits_soft_cap", 0.0) == shape.soft_cap
            assert features.get("causal", False) == (shape.queries > 1)

        def run(queries: Any, cache: Any) -> Any:
            assert self.case is not None
            case = self.case
            if self.defect == "pages in memory order":
                case = case._replace(pages=torch.arange(len(case.pages)).int())
            if self.defect == "window ignored":
                case = case._replace(shape=case.shape._replace(window=-1))
            if self.defect == "soft cap ignored":
                case = case._replace(shape=case.shape._replace(soft_cap=0.0))
            out = torch.cat([case.expected(number) for number in range(case.shape.sequences)]).bfloat16()
            if self.defect == "a sequence unwritten" and made._backend == "fa3":
                out[: case.shape.queries] = float("nan")
            if self.defect == "the last sequence zero":
                out[-case.shape.queries :] = 0.0
            return out

        made.plan, made.run = plan, run
        return made


Install = Callable[..., Wheel]
MAKE, PLANNED = attention_case.make, paged_attention.planned


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a modelled wheel where the probe looks, with times by backend."""

    def made(shapes: tuple[AttentionShape, ...], times: dict[str, float] | None = None) -> Wheel:
        wheel = Wheel()
        module = types.SimpleNamespace(
            BatchDecodeWithPagedKVCacheWrapper=wheel.wrapper, BatchPrefillWithPagedKVCacheWrapper=wheel.wrapper
        )

        def remembered(shape: AttentionShape) -> AttentionCase:
            wheel.case = MAKE(shape, device="cpu")
            return wheel.case

        current: list[str] = []

        def noted(flashinfer: Any, case: AttentionCase, backend: str) -> Any:
            current[:] = [backend]
            return PLANNED(flashinfer, case, backend)

        monkeypatch.setitem(sys.modules, "flashinfer", module)
        monkeypatch.setattr(attention_case, "make", remembered)
        monkeypatch.setattr(paged_attention, "planned", noted)
        monkeypatch.setattr(paged_attention, "SHAPES", shapes)
        monkeypatch.setattr(backend_runs, "synchronize", lambda: None)
        monkeypatch.setattr(backend_runs, "matmul_peak", lambda: 800.0)
        monkeypatch.setattr(backend_runs, "median_us", lambda call: (times or {}).get(current[0], 100.0))
        monkeypatch.setattr(timing, "copy_bandwidth", lambda: 3000.0)
        monkeypatch.setattr(jit, "prepare", lambda *_: None)
        monkeypatch.setattr(jit, "take_over_builds", lambda: None)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
        return wheel

    return made


def test_a_right_wheel(install: Install) -> None:
    install((DECODE, WINDOW, PREFILL, FP8), {"fa2": 100.0, "fa3": 230.0, "auto": 101.0})
    result = paged_attention.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    cases = result.metrics["cases"]
    assert list(cases) == ["decode", "window", "prefill", "fp8"]
    auto = cases["decode"]["auto"]
    # 3 sequences of 64 tokens, keys and values of 8 heads of 128 in two bytes each.
    assert auto.pop("worst_token") < 0.005
    assert auto == {"backend": "fa2", "median_us": 101.0, "roofline_share": round(786432 / 101.0 / 1e3 / 3000, 3)}
    assert "roofline_share" not in cases["window"]["auto"]
    assert set(cases["prefill"]["fa3"]) == {"backend", "worst_token", "median_us", "peak_share"}
    assert cases["fp8"]["fa3"] == {"not_built": "FA3 takes no bfloat16 query with an fp8 cache"}
    assert 0 < result.metrics["worst_token"] < 0.005


@pytest.mark.parametrize(
    ("defect", "shape", "reason"),
    [
        ("pages in memory order", DECODE, "decode, fa2: the worst token is off by 1."),
        ("window ignored", WINDOW, "window, fa2: the worst token is off by 0."),
        ("soft cap ignored", WINDOW, "window, fa2: the worst token is off by 0."),
        ("a sequence unwritten", PREFILL, "prefill, fa3: the worst token is off by nan, the bound is 0.01"),
        ("the last sequence zero", MANY, "many, fa2: the worst token is off by 1.0000, the bound is 0.01"),
        ("no auto", DECODE, "decode: auto does not run: RuntimeError: no kernel for this"),
    ],
)
def test_a_defect_is_red(install: Install, defect: str, shape: AttentionShape, reason: str) -> None:
    install((shape,)).defect = defect
    result = paged_attention.run(REQUEST)
    assert result.outcome == "fail"
    assert str(result.reason).startswith(reason)


@pytest.mark.parametrize(("window", "soft_cap"), [(1023, 0.0), (-1, 5.0), (1022, 5.0), (1024, 5.0)])
def test_every_feature_of_the_real_shape_changes_the_result_by_more_than_the_bound(
    window: int, soft_cap: float
) -> None:
    shape = next(each for each in paged_attention.SHAPES if each.soft_cap)
    case = MAKE(shape._replace(sequences=1), device="cpu")
    other = case._replace(shape=case.shape._replace(window=window, soft_cap=soft_cap))
    assert paged_attention.worst_token(case, other.expected(0)) > 2 * BOUND


@pytest.mark.parametrize("shape", [PREFILL, PREFILL._replace(window=15), PREFILL._replace(window=60)])
def test_a_prefill_multiplies_only_the_pairs_that_see_each_other(shape: AttentionShape) -> None:
    own = range(shape.length - shape.queries, shape.length)
    seen = [
        (query, key) for query in own for key in range(query + 1) if shape.window < 0 or key >= query - shape.window
    ]
    operations = 4 * shape.sequences * attention_case.HEADS * attention_case.SIZE * len(seen)
    assert paged_attention.work_of(shape) == backend_runs.Work(operations=operations)


def test_auto_that_chose_a_slow_backend_is_red(install: Install) -> None:
    install((DECODE,), {"fa2": 230.0, "fa3": 100.0, "auto": 230.0})
    result = paged_attention.run(REQUEST)
    assert result.reason == "decode: auto chose fa2, which takes 2.3 times as long as fa3"
    install((DECODE,), {"fa2": 149.0, "fa3": 100.0, "auto": 149.0})
    assert paged_attention.run(REQUEST).outcome == "pass"
    # It chose the fastest, and something else used the GPU.
    install((DECODE,), {"fa2": 100.0, "fa3": 230.0, "auto": 230.0})
    assert paged_attention.run(REQUEST).outcome == "pass"


def test_a_kernel_that_cannot_be_built_is_tried_once(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install((DECODE, DECODE._replace(name="again", sequences=1))).defect = "fa3 does not compile"
    cases = paged_attention.run(REQUEST).metrics["cases"]
    assert cases["again"]["fa3"] == cases["decode"]["fa3"] == {"not_built": "RuntimeError: Ninja build failed."}
    assert capsys.readouterr().out.count("Ninja build failed") == 1


def test_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert paged_attention.run(REQUEST).reason == "torch finds no GPU"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (10, 0))
    assert paged_attention.run(REQUEST).reason == "this GPU has compute capability 10.0, not 9.0"
