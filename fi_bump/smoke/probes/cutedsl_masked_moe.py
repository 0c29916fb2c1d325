"""`cutedsl-masked-moe`: the CuTe-DSL masked grouped GEMM, run on sm_100 and sm_103, compiled for sm_100a elsewhere.

Compiling needs no GPU. It finds a nvidia-cutlass-dsl that the wheel's own metadata admits and its kernel does not
survive; what the kernel computes is seen on the hardware alone.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import os
from typing import Any

from . import jit, masked_moe, no_gpu
from .protocol import ProbeRequest, ProbeResult

KERNEL = "flashinfer.gemm.kernels.grouped_gemm_masked_blackwell"


def run(request: ProbeRequest) -> ProbeResult:
    """Run the whole path where it can run, else compile its kernel."""
    import torch

    metrics: dict[str, Any] = {"nvidia_cutlass_dsl": _version("nvidia-cutlass-dsl")}
    # What the kernel itself takes; 11.0 and 12.0 do not have its instructions.
    if torch.cuda.is_available() and (10, 0) <= torch.cuda.get_device_capability() <= (10, 3):
        jit.prepare(request.cache, "flashinfer-python", request.jit)
        return masked_moe.run(_imported, metrics)
    return _compile(metrics)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _imported() -> Any:
    importlib.import_module("flashinfer")
    return importlib.import_module(KERNEL)


def _compile(metrics: dict[str, Any]) -> ProbeResult:
    """Compile the masked grouped GEMM for sm_100a with the installed DSL, beside a GPU or without one."""
    import torch

    os.environ["CUTE_DSL_ARCH"] = "sm_100a"
    metrics["architecture"] = "sm_100a"
    metrics["stood_in_for_a_gpu"] = no_gpu.stand_in(torch)
    step = "import"
    try:
        with jit.timed(metrics, "import_seconds"):
            kernel = _imported()
        _answer_for_the_device(kernel)
        step = "compile"
        with jit.timed(metrics, "compile_seconds"):
            build(kernel, importlib.import_module("cutlass"))
    except Exception as error:
        said = first_line(error)
        return ProbeResult(
            "fail", f"with nvidia-cutlass-dsl {metrics['nvidia_cutlass_dsl']} it does not {step}: {said}", metrics
        )
    return ProbeResult("compiled", "compiled for sm_100a, which is not here: its numbers were not looked at", metrics)


def _answer_for_the_device(kernel: Any) -> None:
    """Answer what the kernel asks of the running device while it is compiled, which is not the one meant.

    The DSL counts the clusters that fit by loading an empty kernel for the same sm_100a. Another GPU refuses it with
    CUDA_ERROR_INVALID_HANDLE, and without a GPU there is no driver: FlashInfer passes over that from some release
    between 0.6.8.post1 and 0.6.11.post2 on, and before it fails.
    """
    driver = importlib.import_module("cuda.bindings.driver")
    kernel.cutlass_torch.current_stream = lambda: driver.CUstream(0)
    kernel.get_max_active_clusters = lambda size: no_gpu.MULTIPROCESSORS // size


def first_line(error: Exception) -> str:
    """The type and the first line of what an error says, which is where the DSL names what it stumbled over."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason'}"[:400]


def build(kernel: Any, cutlass: Any) -> None:
    """Compile the kernel as its own `grouped_gemm_nt_masked` would, by the parameters that this release has."""
    named = {
        "m": 128,
        "n": 256,
        "k": 128,
        "l": 8,
        "a_major": "k",
        "b_major": "k",
        "c_major": "n",
        "ab_dtype": cutlass.Float4E2M1FN,
        "sf_dtype": cutlass.Float8E4M3FN,
        "c_dtype": cutlass.BFloat16,
        "alpha_dtype": cutlass.Float32,
        "sf_vec_size": 16,
        "mma_tiler_mn": (128, 128),
        "cluster_shape_mn": (1, 1),
        "sm_count": no_gpu.MULTIPROCESSORS,
        "sm_version": "sm_100",
        "enable_dst_signals": False,
        # From 0.6.13 on; none is what a machine by itself has.
        "num_ranks": 0,
    }
    function = kernel.get_cute_dsl_compiled_masked_gemm_kernel
    known = inspect.signature(inspect.unwrap(function)).parameters
    function(**{name: value for name, value in named.items() if name in known})
