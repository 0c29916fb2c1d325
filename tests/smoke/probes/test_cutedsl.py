"""Tests of compiling the masked GEMM without a GPU, with fake modules; tests/smoke/test_real.py and test_real_sweep.py have real releases."""

from __future__ import annotations

import importlib.metadata
import sys
import types
from typing import Any

import pytest

from fi_bump.smoke.probes import cutedsl_masked_moe, jit, masked_moe
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult

REQUEST = ProbeRequest("cutedsl-masked-moe", "flashinfer", "0.6.11.post2", {"flashinfer-python": None})


class Machine:
    """Fake torch, DSL and FlashInfer."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.compiled: list[dict[str, Any]] = []
        self.kernel: Any = types.SimpleNamespace(
            get_cute_dsl_compiled_masked_gemm_kernel=self.compile, cutlass_torch=types.SimpleNamespace()
        )
        self.gpu(None)
        cutlass = types.SimpleNamespace(Float4E2M1FN="fp4", Float8E4M3FN="fp8", BFloat16="bf16", Float32="f32")
        patch.setitem(sys.modules, "cutlass", cutlass)
        patch.setitem(sys.modules, "flashinfer", types.SimpleNamespace())
        patch.setitem(sys.modules, cutedsl_masked_moe.KERNEL, self.kernel)
        patch.setitem(
            sys.modules, "cuda.bindings.driver", types.SimpleNamespace(CUstream=lambda number: ("stream", number))
        )
        patch.setattr(importlib.metadata, "version", lambda name: "4.5.2")
        patch.setenv("CUTE_DSL_ARCH", "")

    def compile(self, m: int, n: int, sm_version: str, sm_count: int, alpha_dtype: str) -> None:
        self.compiled.append({"m": m, "n": n, "sm_version": sm_version, "sm_count": sm_count, "alpha": alpha_dtype})

    def gpu(self, capability: tuple[int, int] | None) -> None:
        cuda = types.SimpleNamespace(
            is_available=lambda: capability is not None, get_device_capability=lambda: capability
        )
        self.patch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Run the probe without a GPU."""
    return Machine(monkeypatch)


def test_compiled_without_a_gpu(machine: Machine) -> None:
    result = cutedsl_masked_moe.run(REQUEST)
    assert result.outcome == "compiled"
    assert result.reason == "compiled for sm_100a without an sm_100a GPU, so its results were not checked"
    assert {name: value for name, value in result.metrics.items() if not name.endswith("_seconds")} == {
        "architecture": "sm_100a",
        "nvidia_cutlass_dsl": "4.5.2",
        "stood_in_for_a_gpu": True,
    }
    assert machine.compiled == [{"m": 128, "n": 256, "sm_version": "sm_100", "sm_count": 148, "alpha": "f32"}]


@pytest.mark.parametrize("capability", [(9, 0), (12, 0)])
def test_compiled_beside_another_gpu(machine: Machine, capability: tuple[int, int]) -> None:
    machine.gpu(capability)
    result = cutedsl_masked_moe.run(REQUEST)
    assert result.outcome == "compiled"
    assert result.metrics["stood_in_for_a_gpu"] is False


@pytest.mark.parametrize("capability", [None, (9, 0)])
def test_what_the_kernel_asks_of_a_device_is_answered(machine: Machine, capability: tuple[int, int] | None) -> None:
    def clusters(size: int) -> int:
        raise RuntimeError("CUDA error code=400(b'CUDA_ERROR_INVALID_HANDLE')")

    def compiled(m: int) -> None:
        asked.append((machine.kernel.cutlass_torch.current_stream(), machine.kernel.get_max_active_clusters(2)))

    asked: list[Any] = []
    machine.kernel.get_max_active_clusters = clusters
    machine.kernel.get_cute_dsl_compiled_masked_gemm_kernel = compiled
    machine.gpu(capability)
    assert cutedsl_masked_moe.run(REQUEST).outcome == "compiled"
    assert asked == [(("stream", 0), 74)]


def test_a_release_that_wants_to_know_the_ranks(machine: Machine) -> None:
    def compiled(m: int, num_ranks: int, enable_barrier_flag: bool = False) -> None:
        machine.compiled.append({"m": m, "num_ranks": num_ranks})

    machine.kernel.get_cute_dsl_compiled_masked_gemm_kernel = compiled
    assert cutedsl_masked_moe.run(REQUEST).outcome == "compiled"
    assert machine.compiled == [{"m": 128, "num_ranks": 0}]


def test_a_dsl_that_the_kernel_does_not_survive(machine: Machine) -> None:
    def compiled(m: int) -> None:
        raise AttributeError("module 'cutlass.cute' has no attribute 'make_fragment'\nsecond line")

    machine.kernel.get_cute_dsl_compiled_masked_gemm_kernel = compiled
    result = cutedsl_masked_moe.run(REQUEST)
    assert result.outcome == "fail"
    assert result.reason == (
        "the kernel does not compile with nvidia-cutlass-dsl 4.5.2: "
        "AttributeError: module 'cutlass.cute' has no attribute 'make_fragment'"
    )
    assert {"import_seconds", "compile_seconds"} <= set(result.metrics)


def test_a_dsl_that_is_not_there(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setitem(sys.modules, cutedsl_masked_moe.KERNEL, None)
    result = cutedsl_masked_moe.run(REQUEST)
    assert str(result.reason).startswith(
        "the kernel does not import with nvidia-cutlass-dsl None: ModuleNotFoundError: "
    )


def test_it_runs_where_it_can(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.gpu((10, 3))
    prepared: list[tuple[str, ...]] = []
    monkeypatch.setattr(jit, "prepare", lambda *arguments: prepared.append(arguments))
    monkeypatch.setattr(
        masked_moe, "run", lambda kernel, metrics: ProbeResult("pass", None, {"kernel": kernel(), **metrics})
    )
    result = cutedsl_masked_moe.run(REQUEST)
    assert result.outcome == "pass"
    assert result.metrics == {"kernel": machine.kernel, "nvidia_cutlass_dsl": "4.5.2"}
    assert prepared == [("", "flashinfer-python", "auto")]
