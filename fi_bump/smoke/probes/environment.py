"""`environment`: what is installed is what the lock says, it imports without its check disabled, and CUDA agrees."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
from typing import Any

from . import no_gpu
from .protocol import ProbeRequest, ProbeResult
from .toolkit import compiler_cuda, driver_cuda

# The member that nothing works without; the others are optional to FlashInfer itself.
MAIN = "flashinfer-python"
CHECK = "FLASHINFER_DISABLE_VERSION_CHECK"


def run(request: ProbeRequest) -> ProbeResult:
    """`fail` names every disagreement; a member that is not installed is named in `missing`."""
    metrics: dict[str, Any] = {"installed": {}, "missing": [], "imported": {}}
    # With this set a mismatch would pass the import, and that is what is to be found.
    metrics["version_check_was_disabled"] = os.environ.pop(CHECK, None) is not None
    troubles = _distributions(request, metrics)
    try:
        torch = importlib.import_module("torch")
    except Exception as error:
        return ProbeResult("fail", "; ".join([*troubles, f"torch does not import: {_said(error)}"]), metrics)
    metrics["stood_in_for_a_gpu"] = no_gpu.stand_in(torch)
    for package in sorted(metrics["installed"]):
        troubles += _import(package, request, metrics)
    troubles += _cuda(torch, metrics)
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _distributions(request: ProbeRequest, metrics: dict[str, Any]) -> list[str]:
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


def _import(package: str, request: ProbeRequest, metrics: dict[str, Any]) -> list[str]:
    """The version that a member gives itself; FlashInfer's own check of the others runs as it is imported."""
    name = "flashinfer" if package == MAIN else package.replace("-", "_")
    try:
        version = str(getattr(importlib.import_module(name), "__version__", ""))
    except Exception as error:
        return [f"{name} does not import: {_said(error)}"]
    metrics["imported"][name] = version
    if version.partition("+")[0] != request.version:
        return [f"{name} imports as {version or 'no version'}, the lock says {request.version}"]
    return []


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _cuda(torch: Any, metrics: dict[str, Any]) -> list[str]:
    """torch's CUDA against the driver's, the compiler's and the labels'.

    Only major versions must agree: within one, CUDA keeps binaries compatible. A torch without CUDA is stated, and no
    trouble where there is no driver.
    """
    built, driver, compiler = torch.version.cuda, driver_cuda(), compiler_cuda()
    metrics |= {
        "torch": str(torch.__version__),
        "torch_cuda": built,
        "driver_cuda": driver,
        "compiler_cuda": compiler,
    }
    if built is None:
        return [f"the driver has CUDA {driver}, and torch {torch.__version__} is built without"] if driver else []
    troubles = []
    if driver and _major(built) > _major(driver):
        troubles.append(f"torch needs CUDA {built}, the driver has {driver}")
    elif driver and not torch.cuda.is_available():
        troubles.append(f"the driver has CUDA {driver}, and torch finds no GPU")
    if compiler and _major(compiler) != _major(built):
        troubles.append(f"nvcc compiles for CUDA {compiler}, torch is built with {built}")
    for package, installed in metrics["installed"].items():
        label = re.fullmatch(r"cu(\d+)\d", installed.partition("+")[2])
        if label and int(label[1]) != _major(built):
            troubles.append(f"{package} {installed} is for CUDA {label[1]}, torch is built with {built}")
    return troubles


def _major(version: str) -> int:
    return int(version.partition(".")[0])
