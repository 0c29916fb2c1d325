"""Describe this interpreter: Python, torch, CUDA, driver, devices, installed packages, and the group's requirements."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import Any

from .protocol import ProbeRequest, ProbeResult


def run(request: ProbeRequest) -> ProbeResult:
    """Collect the description. The outcome is always `pass`; a missing or broken torch is part of the description."""
    metrics: dict[str, Any] = {
        "python": platform.python_version(),
        "executable": sys.executable,
        "packages": _packages(),
        "requires": {name: _requires(name) for name in sorted(request.packages)},
        "markers": _markers(),
        **_torch(),
    }
    smi = _driver()
    metrics["driver"] = smi[0]["driver"] if smi else None
    metrics["devices"] = metrics["devices"] or [
        {"index": index, "name": card["name"], "capability": card["capability"], "uuid": card["uuid"]}
        for index, card in enumerate(_visible(smi))
    ]
    return ProbeResult("pass", None, metrics)


def _packages() -> dict[str, str]:
    """Return the version of every installed distribution by canonical name; the first one on the path counts."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version)
    return dict(sorted(found.items()))


def _requires(name: str) -> list[str]:
    try:
        return list(importlib.metadata.requires(name) or [])
    except importlib.metadata.PackageNotFoundError:
        return []


def _markers() -> dict[str, str]:
    """Return the environment for requirement markers (PEP 508)."""
    version = sys.implementation.version
    kind = version.releaselevel[0] + str(version.serial) if version.releaselevel != "final" else ""
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": f"{version.major}.{version.minor}.{version.micro}{kind}",
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def _torch() -> dict[str, Any]:
    """Return torch's version, its CUDA and its devices, or the error if torch does not work."""
    nothing: dict[str, Any] = {"torch": None, "cuda": None, "devices": [], "torch_error": None}
    try:
        torch = importlib.import_module("torch")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        devices = [_device(index, torch.cuda.get_device_properties(index)) for index in range(count)]
    except Exception as error:  # a broken torch raises anything: OSError for a library, RuntimeError for a driver
        return {**nothing, "torch_error": f"{type(error).__name__}: {error}".partition("\n")[0]}
    return {**nothing, "torch": str(torch.__version__), "cuda": torch.version.cuda, "devices": devices}


def _device(index: int, properties: Any) -> dict[str, Any]:
    uuid = getattr(properties, "uuid", None)
    return {
        "index": index,
        "name": properties.name,
        "capability": f"{properties.major}.{properties.minor}",
        # torch omits the prefix that CUDA_VISIBLE_DEVICES needs.
        "uuid": None if uuid is None else f"GPU-{str(uuid).removeprefix('GPU-')}",
    }


def _driver() -> list[dict[str, str]]:
    """Return what nvidia-smi prints for each GPU; an empty list without nvidia-smi or a driver."""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return []
    query = "--query-gpu=driver_version,name,compute_cap,uuid"
    try:
        done = subprocess.run([smi, query, "--format=csv,noheader"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [[field.strip() for field in line.split(",")] for line in done.stdout.split("\n") if line.count(",") == 3]
    keys = ("driver", "name", "capability", "uuid")
    return [dict(zip(keys, row, strict=True)) for row in rows] if done.returncode == 0 else []


def _visible(cards: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES selects, in its order; like CUDA, stop at the first unknown entry."""
    asked = os.environ.get("CUDA_VISIBLE_DEVICES")
    if asked is None:
        return cards
    left = []
    for entry in asked.split(","):
        match = [card for index, card in enumerate(cards) if entry.strip() in (str(index), card["uuid"])]
        if not match:
            break
        left.append(match[0])
    return left
