"""`cutedsl-masked-moe`: run the CuTe-DSL masked grouped GEMM on sm_100 and sm_103; elsewhere compile it for sm_100a.

Compiling needs no GPU. It finds releases of nvidia-cutlass-dsl that the wheel's metadata allows and that break its
kernel. Only the hardware shows what the kernel computes.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import os
from typing import Any

from . import jit, masked_moe, no_gpu
from .missing import missing_package
from .protocol import ProbeRequest, ProbeResult

KERNEL = "flashinfer.gemm.kernels.grouped_gemm_masked_blackwell"


def run(request: ProbeRequest) -> ProbeResult:
    """Run the whole mixture of experts if this GPU can run it, else compile its kernel."""
    import torch

    metrics: dict[str, Any] = {"nvidia_cutlass_dsl": _version("nvidia-cutlass-dsl")}
    # The kernel accepts these; 11.0 and 12.0 do not have its instructions.
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
    """Compile the masked grouped GEMM for sm_100a with the installed DSL, whether or not there is a GPU."""
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
        if (package := missing_package(error)) is not None:
            return ProbeResult("fail", f"{package} is not installed", metrics)
        said = first_line(error)
        return ProbeResult(
            "fail",
            f"the kernel does not {step} with nvidia-cutlass-dsl {metrics['nvidia_cutlass_dsl']}: {said}",
            metrics,
        )
    return ProbeResult(
        "compiled", "compiled for sm_100a without an sm_100a GPU, so its results were not checked", metrics
    )


def _answer_for_the_device(kernel: Any) -> None:
    """Replace the kernel's queries of the running device, which is not the one that it is compiled for.

    The DSL counts the clusters that fit by loading an empty kernel for sm_100a. Another GPU refuses it with
    CUDA_ERROR_INVALID_HANDLE, and without a GPU there is no driver. FlashInfer ignores that since some release after
    0.6.8.post1, at the latest 0.6.11.post2; earlier releases fail.
    """
    driver = importlib.import_module("cuda.bindings.driver")
    kernel.cutlass_torch.current_stream = lambda: driver.CUstream(0)
    kernel.get_max_active_clusters = lambda size: no_gpu.MULTIPROCESSORS // size


def first_line(error: Exception) -> str:
    """Return an error's type and the first line of its message, in which the DSL names the cause."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason'}"[:400]


def build(kernel: Any, cutlass: Any) -> None:
    """Compile the kernel as its own `grouped_gemm_nt_masked` would, with the parameters that this release has."""
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
        # A parameter since 0.6.13; a single machine has no other ranks.
        "num_ranks": 0,
    }
    function = kernel.get_cute_dsl_compiled_masked_gemm_kernel
    known = inspect.signature(inspect.unwrap(function)).parameters
    function(**{name: value for name, value in named.items() if name in known})
