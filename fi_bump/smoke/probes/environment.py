"""`environment`: check that the installed packages match the lock, can be imported, and agree about CUDA.

FlashInfer's own version check is not disabled.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
from typing import Any

from . import no_gpu
from .missing import missing_package, said
from .protocol import ProbeRequest, ProbeResult
from .toolkit import compiler_cuda, driver_cuda

# The required member; FlashInfer works without the others.
MAIN = "flashinfer-python"
CHECK = "FLASHINFER_DISABLE_VERSION_CHECK"


def run(request: ProbeRequest) -> ProbeResult:
    """Run the checks. A failure names every disagreement; the metric `missing` names members that are not installed."""
    metrics: dict[str, Any] = {"installed": {}, "missing": [], "imported": {}}
    # With this variable the import would ignore a version mismatch, which the probe must find.
    metrics["version_check_was_disabled"] = os.environ.pop(CHECK, None) is not None
    troubles = _distributions(request, metrics)
    try:
        torch = importlib.import_module("torch")
    except Exception as error:
        trouble = said(error) if missing_package(error) == "torch" else f"torch cannot be imported: {said(error)}"
        return ProbeResult("fail", "; ".join([*troubles, trouble]), metrics)
    metrics["stood_in_for_a_gpu"] = no_gpu.stand_in(torch)
    for package in sorted(metrics["installed"]):
        troubles += _import(package, request, metrics)
    troubles += _cuda(torch, metrics)
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _distributions(request: ProbeRequest, metrics: dict[str, Any]) -> list[str]:
    """Compare the installed METADATA with the lock; return the disagreements."""
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


def _import(package: str, request: ProbeRequest, metrics: dict[str, Any]) -> list[str]:
    """Import a member and compare its `__version__` with the lock; return the disagreements.

    FlashInfer checks the versions of its other packages when it is imported.
    """
    name = "flashinfer" if package == MAIN else package.replace("-", "_")
    try:
        version = str(getattr(importlib.import_module(name), "__version__", ""))
    except Exception as error:
        return [f"{name} cannot be imported: {said(error)}"]
    metrics["imported"][name] = version
    if version.partition("+")[0] != request.version:
        return [f"{name}.__version__ is {version or 'missing'}, the lock says {request.version}"]
    return []


def _cuda(torch: Any, metrics: dict[str, Any]) -> list[str]:
    """Compare torch's CUDA with that of the driver, of the compiler and of the labels; return the disagreements.

    Only the major versions must agree, because CUDA is binary compatible within one. A torch without CUDA is a
    disagreement only if there is a driver.
    """
    built, driver, compiler = torch.version.cuda, driver_cuda(), compiler_cuda()
    metrics |= {
        "torch": str(torch.__version__),
        "torch_cuda": built,
        "driver_cuda": driver,
        "compiler_cuda": compiler,
    }
    if built is None:
        return [f"the driver has CUDA {driver}, but torch {torch.__version__} is built without CUDA"] if driver else []
    troubles = []
    if driver and _major(built) > _major(driver):
        troubles.append(f"torch needs CUDA {built}, the driver has {driver}")
    elif driver and not torch.cuda.is_available():
        troubles.append(f"the driver has CUDA {driver}, but torch finds no GPU")
    if compiler and _major(compiler) != _major(built):
        troubles.append(f"nvcc compiles for CUDA {compiler}, torch is built with {built}")
    for package, installed in metrics["installed"].items():
        label = re.fullmatch(r"cu(\d+)\d", installed.partition("+")[2])
        if label and int(label[1]) != _major(built):
            troubles.append(f"{package} {installed} is for CUDA {label[1]}, torch is built with {built}")
    return troubles


def _major(version: str) -> int:
    return int(version.partition(".")[0])
