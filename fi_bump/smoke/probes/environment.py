"""`environment`: what is installed is what the lock says, it imports, and torch and CUDA go together."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import os
from typing import Any

from . import no_gpu
from .protocol import Request, Result

# The member without which there is nothing to probe; the others only save compiling.
MAIN = "flashinfer-python"


def run(request: Request) -> Result:
    """Compare distributions, import name and CUDA. A member that is not installed is stated; the main one must be."""
    metrics: dict[str, Any] = {"installed": {}, "missing": []}
    troubles = _distributions(request, metrics)
    # With this set a mismatch would pass the import, and that is what is to be found.
    if os.environ.pop("FLASHINFER_DISABLE_VERSION_CHECK", None):
        metrics["version_check_was_disabled"] = True
    if MAIN not in metrics["missing"]:
        if no_gpu.stand_in(importlib.import_module("torch")):
            metrics["stood_in_for_a_gpu"] = True
        troubles += _import(request, metrics)
    troubles += _cuda(metrics)
    return Result("fail", "; ".join(troubles), metrics) if troubles else Result("pass", None, metrics)


def _distributions(request: Request, metrics: dict[str, Any]) -> list[str]:
    """What the installed METADATA say against the lock."""
    troubles = []
    for package, label in sorted(request.packages.items()):
        try:
            installed = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            metrics["missing"].append(package)
            if package == MAIN:
                troubles.append(f"{package} is not installed")
            continue
        metrics["installed"][package] = installed
        public, _, local = installed.partition("+")
        if public != request.version:
            troubles.append(f"{package} {installed} is installed, the lock says {request.version}")
        elif label and local != label:
            troubles.append(f"{package} {installed} is installed, the lock says +{label}")
    return troubles


def _import(request: Request, metrics: dict[str, Any]) -> list[str]:
    """FlashInfer's own check at import, and the version that it gives itself."""
    try:
        module = importlib.import_module("flashinfer")
    except Exception as error:
        return [f"flashinfer does not import: {type(error).__name__}: {error}".partition("\n")[0]]
    version = str(getattr(module, "__version__", ""))
    metrics["import_version"] = version
    if version.partition("+")[0] != request.version:
        return [f"flashinfer imports as {version or 'no version'}, the lock says {request.version}"]
    return []


def _cuda(metrics: dict[str, Any]) -> list[str]:
    """torch's CUDA against the driver's; a torch without CUDA is stated, and no trouble where there is no driver."""
    torch = importlib.import_module("torch")
    built = torch.version.cuda
    driver = driver_cuda()
    metrics |= {"torch": str(torch.__version__), "torch_cuda": built, "driver_cuda": driver}
    if driver is None:
        return []
    if built is None:
        return [f"the driver has CUDA {driver}, and torch {torch.__version__} is built without"]
    if int(built.partition(".")[0]) > int(driver.partition(".")[0]):
        return [f"torch needs CUDA {built}, the driver has {driver}"]
    return [] if torch.cuda.is_available() else [f"the driver has CUDA {driver}, and torch finds no GPU"]


def driver_cuda() -> str | None:
    """The newest CUDA that the driver supports, or None without one (cuDriverGetVersion: 1000 major + 10 minor)."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    number = ctypes.c_int(0)
    if library.cuDriverGetVersion(ctypes.byref(number)) != 0 or not number.value:
        return None
    return f"{number.value // 1000}.{number.value % 1000 // 10}"
