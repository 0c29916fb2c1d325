"""The probe of latent attention over a modelled wheel: right and wrong kernels and choices. Needs torch, no GPU."""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, which is no dependency of fi-bump")

from fi_bump.smoke.probes import backend_runs, jit, mla_case, mla_decode, timing  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.mla_case import MlaCase, MlaShape  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.protocol import ProbeRequest  # noqa: E402  # after torch is there

REQUEST = ProbeRequest("mla-decode", "flashinfer", "0.7.2.post1", {"flashinfer-python": None})
DECODE = MlaShape("decode", 2, 64, 4, page=8)
PARTLY = MlaShape("partly", 2, 40, 4, page=16)
SEVERAL = MlaShape("several", 2, 32, 4, queries=4, page=8)


def slow_reference(case: MlaCase, sequence: int) -> Any:
    """Latent attention by loops over queries and heads, from the definition: one joined key, the value its first part."""
    shape = case.shape
    latent, rotary = case.cached(sequence)
    keys = torch.cat([latent, rotary], dim=1)
    out = torch.zeros(shape.queries, shape.heads, mla_case.LATENT)
    for query in range(shape.queries):
        seen = shape.length - shape.queries + query + 1
        for head in range(shape.heads):
            row = sequence * shape.queries + query
            asked = torch.cat([case.latent_queries[row, head], case.rotary_queries[row, head]]).float()
            out[query, head] = (keys[:seen] @ asked / math.sqrt(192)).softmax(0) @ latent[:seen]
    return out


@pytest.mark.parametrize("shape", [DECODE, PARTLY, SEVERAL], ids=lambda shape: shape.name)
def test_the_reference_is_latent_attention_by_its_definition(shape: MlaShape) -> None:
    case = mla_case.make(shape, device="cpu")
    assert torch.allclose(case.expected(1), slow_reference(case, 1), atol=1e-5)


class Wheel:
    """FlashInfer's wrapper, computed by the loops above; a defect changes what it computes or chooses."""

    def __init__(self) -> None:
        self.defect = ""
        self.case: MlaCase | None = None

    def wrapper(self, workspace: Any, *, backend: str) -> Any:
        if self.defect == "no auto" and backend == "auto":
            raise RuntimeError("no kernel for this")
        made = types.SimpleNamespace(_backend=backend, _planned_backend_name="fa3" if backend == "auto" else backend)

        def plan(**arguments: Any) -> None:
            assert self.case is not None
            shape = self.case.shape
            pages = -(-shape.length // shape.page)
            assert arguments["qo_indptr"].tolist() == [0, shape.queries, 2 * shape.queries]
            assert arguments["kv_indptr"].tolist() == [0, pages, 2 * pages]
            assert arguments["kv_len_arr"].tolist() == [shape.length] * 2
            assert arguments["causal"] == (shape.queries > 1)

        def run(q_nope: Any, q_pe: Any, ckv_cache: Any, kpe_cache: Any, out: Any) -> None:
            assert self.case is not None
            case = self.case
            shape = case.shape
            if self.defect == "pages in memory order":
                case = case._replace(pages=torch.arange(len(case.pages)).int())
            if self.defect == "last page read whole":
                case = case._replace(shape=shape._replace(length=shape.pages_each * shape.page))
            if self.defect == "rotary part ignored":
                case = case._replace(rotary_queries=torch.zeros_like(q_pe))
            if self.defect == "later tokens seen":
                rows = range(shape.sequences * shape.queries)
                outs = [
                    mla_case.attend(
                        q_nope[row, None].float(), q_pe[row, None].float(), *case.cached(row // shape.queries)
                    )
                    for row in rows
                ]
                out.copy_(torch.cat(outs))
                return
            out.copy_(torch.cat([case.expected(number) for number in range(shape.sequences)]))
            if self.defect == "a head unwritten" and made._backend == "fa3":
                out[-1, -1] = math.nan

        made.plan, made.run = plan, run
        return made


Install = Callable[..., Wheel]
MAKE, PLANNED = mla_case.make, mla_decode.planned


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a modelled wheel where the probe looks, with times by backend."""

    def made(shapes: tuple[MlaShape, ...], times: dict[str, float] | None = None) -> Wheel:
        wheel = Wheel()
        mla = types.ModuleType("flashinfer.mla")
        mla.BatchMLAPagedAttentionWrapper = wheel.wrapper  # type: ignore[attr-defined]  # a model of a wheel
        module = types.ModuleType("flashinfer")
        module.mla = mla  # type: ignore[attr-defined]  # a model of a wheel
        current: list[str] = []

        def remembered(shape: MlaShape) -> MlaCase:
            wheel.case = MAKE(shape, device="cpu")
            return wheel.case

        def noted(flashinfer: Any, case: MlaCase, backend: str) -> Any:
            current[:] = [backend]
            return PLANNED(flashinfer, case, backend)

        monkeypatch.setitem(sys.modules, "flashinfer", module)
        monkeypatch.setitem(sys.modules, "flashinfer.mla", mla)
        monkeypatch.setattr(mla_case, "make", remembered)
        monkeypatch.setattr(mla_decode, "planned", noted)
        monkeypatch.setattr(mla_decode, "SHAPES", shapes)
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
    install((DECODE, PARTLY, SEVERAL), {"fa2": 120.0, "fa3": 100.0, "auto": 101.0})
    result = mla_decode.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    cases = result.metrics["cases"]
    assert list(cases) == ["decode", "partly", "several"]
    auto = cases["decode"]["auto"]
    assert auto.pop("worst_token") < 0.005
    # 2 sequences of 64 tokens with 576 elements of two bytes; 4 heads multiply 576 and 512 elements of each.
    read, operations = 2 * 64 * 576 * 2, 2 * 2 * 64 * 4 * (576 + 512)
    assert auto == {
        "backend": "fa3",
        "median_us": 101.0,
        "roofline_share": round(read / 101.0 / 1e3 / 3000, 3),
        "peak_share": round(operations / 101.0 / 1e6 / 800, 3),
    }
    assert 0 < result.metrics["worst_token"] < 0.005


@pytest.mark.parametrize(
    ("defect", "shape", "reason"),
    [
        ("pages in memory order", DECODE, "decode, fa2: the worst token is off by "),
        ("last page read whole", PARTLY, "partly, fa2: the worst token is off by "),
        ("rotary part ignored", DECODE, "decode, fa2: the worst token is off by "),
        ("later tokens seen", SEVERAL, "several, fa2: the worst token is off by "),
        ("a head unwritten", PARTLY, "partly, fa3: the worst token is off by nan, the bound is 0.01"),
        ("no auto", DECODE, "decode: auto does not run: RuntimeError: no kernel for this"),
    ],
)
def test_a_defect_is_red(install: Install, defect: str, shape: MlaShape, reason: str) -> None:
    install((shape,)).defect = defect
    result = mla_decode.run(REQUEST)
    assert result.outcome == "fail"
    assert str(result.reason).startswith(reason)


def test_auto_that_chose_a_slow_backend_is_red(install: Install) -> None:
    install((DECODE,), {"fa2": 100.0, "fa3": 230.0, "auto": 230.0})
    assert mla_decode.run(REQUEST).reason == "decode: auto chose fa3, which takes 2.3 times as long as fa2"


def test_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert mla_decode.run(REQUEST).reason == "torch finds no GPU"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (10, 0))
    assert mla_decode.run(REQUEST).reason == "this GPU has compute capability 10.0, not 9.0"
