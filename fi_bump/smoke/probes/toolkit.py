"""Find the CUDA versions of the machine's driver and compiler, without torch and FlashInfer."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess


def driver_cuda() -> str | None:
    """Return the newest CUDA that the driver supports; None without a driver.

    cuDriverGetVersion returns 1000 * major + 10 * minor.
    """
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    number = ctypes.c_int(0)
    if library.cuDriverGetVersion(ctypes.byref(number)) != 0 or not number.value:
        return None
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def compiler_cuda() -> str | None:
    """Return the CUDA of the nvcc that FlashInfer would compile with; None without nvcc."""
    release = re.search(r"release (\d+\.\d+),", _said_by_nvcc("--version"))
    return release[1] if release else None


def can_split() -> bool:
    """Return whether nvcc can optimise the kernels of one file in several threads (`--split-compile`)."""
    return "--split-compile" in _said_by_nvcc("--help")


def _said_by_nvcc(option: str) -> str:
    """Return what nvcc prints for an option, or nothing without nvcc.

    It searches in FlashInfer's order (flashinfer/jit/cpp_ext.py): CUDA_HOME, CUDA_PATH, PATH, /usr/local/cuda.
    """
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    nvcc = os.path.join(home, "bin", "nvcc") if home else shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    try:
        return subprocess.run([nvcc, option], capture_output=True, text=True, errors="replace", timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
