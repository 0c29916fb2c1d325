"""Releases of vLLM and SGLang against FlashInfer's wheels, as the configured index has them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Run
from tests.sdists import folder, unpacked

pytestmark = pytest.mark.network

Audit = Callable[..., dict[str, Any]]


@pytest.fixture
def audit(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """The comparison of an engine's release with a release of FlashInfer, as JSON."""
    # The sources of wheels are kept beside the source distributions, since many tests read the same ones.
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder() / "cache"))

    def call(project: str, version: str, *arguments: str) -> dict[str, Any]:
        root = tmp_path / f"{project}-{version}"
        if not root.exists():
            shutil.copytree(unpacked(project, version), root, symlinks=True)
            assert run(root, "init", "--group", "flashinfer").code == 0
        result: Result = run(root, "audit", *arguments, "--api", "--format", "json", offline=False)
        fits = json.loads(result.out)["result"]["api"]
        found: dict[str, Any] = next(each for each in fits if each["package"] == "flashinfer-python")
        assert found["skipped"] == []
        return found

    return call


def failing(fit: dict[str, Any]) -> dict[tuple[str, str, str], list[str]]:
    """The places of the findings that fail, by rule, symbol and detail."""
    return {
        (each["rule"], each["symbol"], each["detail"]): [f"{place['path']}:{place['line']}" for place in each["places"]]
        for each in fit["findings"]
        if each["severity"] == "error" and not each["inTests"]
    }


def of_rule(fit: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    """The findings of a rule."""
    return [each for each in fit["findings"] if each["rule"] == rule]


QUANTIZATION = "vllm/model_executor/layers/quantization"
MOE = "vllm/model_executor/layers/fused_moe"


def test_the_calls_that_vllm_changed_for_0_6_1(audit: Audit) -> None:
    # vLLM #30993 changed the six calls with tile_tokens_dim. The seventh passes arguments by position to `plan`, which
    # got one in the middle (vLLM #34687).
    fit = audit("vllm", "0.14.0", "0.6.1")
    assert (fit["pinned"], fit["proposed"]) == ("0.5.3", "0.6.1")
    found = failing(fit)
    plan, moe = sorted(key for key in found if key[0] == "api-positional")
    assert (plan[1], moe[1]) == ("BatchDecodeWithPagedKVCacheWrapper.plan", "trtllm_fp4_block_scale_moe")
    assert plan[2].startswith("argument 13 was data_type and is o_data_type, argument 14 was sm_scale and is data_type")
    assert found == {
        ("api-keyword", "trtllm_fp4_block_scale_moe", "tile_tokens_dim"): [
            f"{QUANTIZATION}/utils/flashinfer_fp4_moe.py:314"
        ],
        ("api-keyword", "trtllm_fp4_block_scale_routed_moe", "tile_tokens_dim"): [
            f"{MOE}/trtllm_moe.py:142",
            f"{QUANTIZATION}/utils/flashinfer_fp4_moe.py:392",
        ],
        ("api-keyword", "trtllm_fp8_block_scale_moe", "tile_tokens_dim"): [f"{MOE}/flashinfer_trtllm_moe.py:49"],
        ("api-keyword", "trtllm_fp8_per_tensor_scale_moe", "tile_tokens_dim"): [f"{MOE}/flashinfer_trtllm_moe.py:136"],
        plan: ["vllm/v1/attention/backends/flashinfer.py:1590"],
        moe: [f"{QUANTIZATION}/mxfp4.py:960"],
    }
    assert {each["since"]["version"] for each in fit["findings"] if each["severity"] == "error"} == {"0.6.0"}


def test_the_arguments_of_a_private_plan(audit: Audit) -> None:
    # vLLM #26326 and #29426, SGLang #10634: a step of the number of arguments broke engines that pass a literal one.
    found = failing(audit("vllm", "0.14.0", "0.6.18"))
    assert found["api-arity", "_cached_module.plan", "19"] == ["vllm/v1/attention/backends/flashinfer.py:1660"]
    assert ("api-arity", "_cached_module.plan", "19") not in failing(audit("vllm", "0.14.0", "0.6.1"))


def test_the_private_plan_of_0_5_3(audit: Audit) -> None:
    # vLLM #29426.
    found = failing(audit("vllm", "0.11.1", "0.5.3"))
    assert found == {("api-arity", "_cached_module.plan", "18"): ["vllm/v1/attention/backends/flashinfer.py:1520"]}


def test_the_bump_of_vllm_0_21_0(audit: Audit) -> None:
    fit = audit("vllm", "0.21.0", "0.6.11.post2")
    assert (fit["pinned"], failing(fit)) == ("0.6.8.post1", {})
    assert [each for each in fit["findings"] if each["severity"] == "error"] == []
    checked = {each["symbol"]: each["reasons"] for each in of_rule(fit, "api-precondition")}
    assert checked["fp4_quantize"] == ["new: globalScale should have shape [1] or [num_tokens]"]
    meanings = {
        (each["detail"], f"{place['path']}:{place['line']}"): each["probe"]
        for each in of_rule(fit, "api-meaning")
        for place in each["places"]
    }
    assert meanings == {
        ("hand-made-interleave", f"{MOE}/oracle/mxfp4.py:855"): "mxfp4-sm90-interleave",
        ("hand-made-interleave", "tests/kernels/moe/test_ocp_mx_moe.py:675"): "mxfp4-sm90-interleave",
        ("scale-per-expert", "tests/kernels/moe/test_cutedsl_moe.py:456"): "fp4-scale-contract",
    }


def test_a_meaning_comes_with_what_must_be_called_now(audit: Audit) -> None:
    fit = audit("vllm", "0.21.0", "0.6.11.post2")
    found, in_tests = [each for each in of_rule(fit, "api-meaning") if each["detail"] == "hand-made-interleave"]
    assert (found["inTests"], in_tests["inTests"]) == (False, True)
    signature = "interleave_moe_weights_for_sm90_mixed_gemm(weight, quant_type='fp4')"
    assert (found["new"]["path"], found["new"]["signature"]) == ("flashinfer/fused_moe/core.py", signature)
    names = [f"flashinfer.fused_moe.interleave_moe_{each}_for_sm90_mixed_gemm" for each in ("weights", "scales")]
    assert found["instead"] == ", ".join(names)
    checks = "; ".join(found["reasons"][1:])
    assert "interleave_moe_weights_for_sm90_mixed_gemm() checks: weight must be 3D" in checks
    assert "weight and weight_interleaved must share num_experts dim" in checks
    assert "interleave_moe_scales_for_sm90_mixed_gemm() checks: scales must be 3D" in checks


def test_code_that_follows_the_change_of_meaning_is_not_named(audit: Audit) -> None:
    # vLLM 0.22.0 calls FlashInfer's own interleave; only its test still makes the layout by hand.
    fit = audit("vllm", "0.22.0", "0.6.11.post2", "--against", "0.6.8.post1")
    places = [place["path"] for each in of_rule(fit, "api-meaning") for place in each["places"]]
    assert set(places) <= {"tests/kernels/moe/test_ocp_mx_moe.py"}


@pytest.mark.parametrize(
    ("version", "pinned", "proposed"),
    [("0.19.1", "0.6.6", "0.6.8.post1"), ("0.22.0", "0.6.11.post2", "0.6.12"), ("0.23.0", "0.6.12", "0.6.13")],
)
def test_moves_that_broke_nothing(audit: Audit, version: str, pinned: str, proposed: str) -> None:
    fit = audit("vllm", version, proposed)
    assert (fit["pinned"], [each for each in fit["findings"] if each["severity"] == "error"]) == (pinned, [])
    assert fit["judged"] >= 0.99 * fit["uses"]


@pytest.mark.parametrize(
    ("version", "pinned", "proposed"),
    [
        ("0.5.5", "0.5.0", "0.5.2"),
        ("0.5.5.post3", "0.5.2", "0.5.3"),
        ("0.5.8", "0.6.1", "0.6.3"),
        ("0.5.9", "0.6.3", "0.6.7.post2"),
        ("0.5.10.post1", "0.6.7.post3", "0.6.8.post1"),
    ],
)
def test_moves_of_sglang_that_broke_nothing(audit: Audit, version: str, pinned: str, proposed: str) -> None:
    fit = audit("sglang", version, proposed)
    assert (fit["pinned"], [each for each in fit["findings"] if each["severity"] == "error"]) == (pinned, [])
    assert fit["judged"] >= 0.9 * fit["uses"]


def test_a_call_that_sglang_did_not_change(audit: Audit) -> None:
    # SGLang #15551 changed the others.
    (left,) = of_rule(audit("sglang", "0.5.9", "0.6.7.post2"), "api-pin")
    assert (left["symbol"], left["detail"], left["repaired"]) == (
        "trtllm_fp4_block_scale_moe",
        "tile_tokens_dim",
        False,
    )


def test_sglang_calls_what_0_6_1_does_not_take(audit: Audit) -> None:
    # SGLang #15551.
    found = failing(audit("sglang", "0.5.7", "0.6.1"))
    assert {key[:2] for key in found} == {
        ("api-keyword", "trtllm_fp4_block_scale_moe"),
        ("api-keyword", "trtllm_fp8_block_scale_moe"),
        ("api-keyword", "trtllm_fp8_per_tensor_scale_moe"),
        ("api-positional", "trtllm_fp4_block_scale_moe"),
    }


def test_a_release_that_is_ahead_of_its_own_pin(audit: Audit) -> None:
    fit = audit("vllm", "0.25.0", "0.6.14")
    ahead = [each for each in of_rule(fit, "api-pin") if each["symbol"] == "trtllm_batch_decode_sparse_mla_dsv4"]
    assert {each["detail"] for each in ahead} >= {"extra_sparse_indices", "swa_topk_lens"}
    assert all(each["repaired"] for each in ahead)
