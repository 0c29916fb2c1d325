"""The environment probe and the JIT's own decisions, without torch."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from fi_bump.smoke.probes import environment, jit
from fi_bump.smoke.probes.protocol import Request

PACKAGES = {"flashinfer-python": None, "flashinfer-cubin": None, "flashinfer-jit-cache": "cu130"}
REQUEST = Request("environment", "flashinfer", "0.6.11.post2", PACKAGES)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is installed, as METADATA says; torch and flashinfer are made up."""
    versions = {"flashinfer-python": "0.6.11.post2", "flashinfer-cubin": "0.6.11.post2"}

    def version(name: str) -> str:
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    torch = types.SimpleNamespace(
        __version__="2.11.0",
        version=types.SimpleNamespace(cuda="13.0"),
        cuda=types.SimpleNamespace(is_available=lambda: True),
    )
    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "flashinfer", types.SimpleNamespace(__version__="0.6.11.post2"))
    monkeypatch.setattr(environment, "driver_cuda", lambda: "13.0")
    return versions


def test_what_the_lock_says(installed: dict[str, str]) -> None:
    result = environment.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    assert result.metrics == {
        "installed": {"flashinfer-cubin": "0.6.11.post2", "flashinfer-python": "0.6.11.post2"},
        "missing": ["flashinfer-jit-cache"],
        "import_version": "0.6.11.post2",
        "torch": "2.11.0",
        "torch_cuda": "13.0",
        "driver_cuda": "13.0",
    }


@pytest.mark.parametrize(
    ("package", "version", "reason"),
    [
        ("flashinfer-cubin", "0.6.8", "flashinfer-cubin 0.6.8 is installed, the lock says 0.6.11.post2"),
        (
            "flashinfer-jit-cache",
            "0.6.11.post2+cu129",
            "flashinfer-jit-cache 0.6.11.post2+cu129 is installed, the lock says +cu130",
        ),
        ("flashinfer-jit-cache", "0.6.11.post2+cu130", None),
        ("flashinfer-python", "0.6.11", "flashinfer-python 0.6.11 is installed, the lock says 0.6.11.post2"),
        ("flashinfer-python", None, "flashinfer-python is not installed"),
    ],
)
def test_distributions(installed: dict[str, str], package: str, version: str | None, reason: str | None) -> None:
    installed.pop(package, None)
    if version:
        installed[package] = version
    assert environment.run(REQUEST).reason == reason


def test_the_import(installed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHINFER_DISABLE_VERSION_CHECK", "1")
    monkeypatch.setitem(sys.modules, "flashinfer", types.SimpleNamespace(__version__="0.6.8"))
    result = environment.run(REQUEST)
    assert result.reason == "flashinfer imports as 0.6.8, the lock says 0.6.11.post2"
    assert result.metrics["version_check_was_disabled"] is True
    assert "FLASHINFER_DISABLE_VERSION_CHECK" not in os.environ
    monkeypatch.setitem(sys.modules, "flashinfer", None)
    assert str(environment.run(REQUEST).reason).startswith("flashinfer does not import: ModuleNotFoundError: ")


@pytest.mark.parametrize(
    ("built", "driver", "available", "reason"),
    [
        (None, None, False, None),
        ("13.0", None, False, None),
        (None, "13.0", False, "the driver has CUDA 13.0, and torch 2.11.0 is built without"),
        ("14.0", "13.2", False, "torch needs CUDA 14.0, the driver has 13.2"),
        ("12.9", "13.0", True, None),
        ("13.0", "13.0", False, "the driver has CUDA 13.0, and torch finds no GPU"),
    ],
)
def test_cuda(
    installed: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    built: str | None,
    driver: str | None,
    available: bool,
    reason: str | None,
) -> None:
    torch = types.SimpleNamespace(
        __version__="2.11.0",
        version=types.SimpleNamespace(cuda=built),
        cuda=types.SimpleNamespace(is_available=lambda: available),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(environment, "driver_cuda", lambda: driver)
    assert environment.run(REQUEST).reason == reason


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("nv_internal/moe_gemm/moe_gemm_kernels_bf16_fp4.cu", "", True),
        ("nv_internal/moe_gemm/moe_gemm_kernels_bf16_bf16.cu", "", False),
        ("nv_internal/cpp/common/logger.cpp", "", True),
        ("csrc/fused_moe/cutlass_backend/flashinfer_cutlass_fused_moe_binding.cu", "", True),
        ("gen/a.generated.cu", "__nv_fp4_e2m1 and __nv_bfloat16", True),
        ("gen/b.generated.cu", "__nv_fp4_e2m1 and half", False),
        ("lora/lora.cpp", "", True),
        ("other/explora.cpp", "", False),
    ],
)
def test_what_is_reached(tmp_path: Path, name: str, text: str, kept: bool) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert jit._is_reached(path) is kept


def test_a_build_description_of_another_shape() -> None:
    with pytest.raises(jit.Unexpected) as caught:
        jit._short(types.SimpleNamespace(sources=[]))
    assert str(caught.value) == (
        "it has no moe_gemm_kernels_bf16_fp4.cu, flashinfer_cutlass_fused_moe_binding.cu, cutlass_heuristic.cpp"
    )


def test_the_trap_names_the_symbol(tmp_path: Path) -> None:
    import shutil

    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("there is no C++ compiler here")
    (tmp_path / "trap.cpp").write_text(jit.trap_source(["_ZN12tensorrt_llm4onceEv", "_ZN12tensorrt_llm5twiceEv"]))
    (tmp_path / "main.cpp").write_text(
        "namespace tensorrt_llm { void twice(); }\nint main() { tensorrt_llm::twice(); }\n"
    )
    library, program = tmp_path / "libtrap.so", tmp_path / "main"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, tmp_path / "trap.cpp"], check=True)
    subprocess.run([compiler, "-o", program, tmp_path / "main.cpp", library], check=True)
    done = subprocess.run(
        [program], capture_output=True, text=True, check=False, env={"LD_LIBRARY_PATH": str(tmp_path)}
    )
    assert done.returncode == -6
    assert done.stderr == "fi-bump: _ZN12tensorrt_llm5twiceEv is not compiled with --jit path\n"
