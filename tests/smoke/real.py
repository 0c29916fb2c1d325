"""Interpreters with real wheels and without a GPU, and runs of `smoke` in them."""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run

HERE = Path(__file__).parents[2]
# Cached outside the repository, so that half a gigabyte of wheels is downloaded only once.
CACHE = Path.home() / ".cache" / "fi-bump-tests" / "smoke"
# A torch without CUDA; the default one needs gigabytes that compiling does not use.
TORCH = "torch==2.13.0+cpu"
DSL = "nvidia-cutlass-dsl"


def cpu_environment(release: str) -> Path:
    """Make an interpreter with a release of FlashInfer, a CPU torch, a DSL that compiles it, pytest and hypothesis."""
    folder = CACHE / f"python{sys.version_info.minor}-{release}-with-pytest-and-hypothesis"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Another worker may make it too.
        return _made(folder, release)


def _made(folder: Path, release: str) -> Path:
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
        if subprocess.run([*pip, "--no-deps", TORCH], check=False, capture_output=True).returncode:
            pytest.skip(f"{TORCH} is on none of pip's indexes here: name one that has it in pip's configuration")
        needed = (TORCH, f"flashinfer-python=={release}", f"{DSL}==4.5.2", "pytest==9.2.0", "hypothesis==6.170.15")
        subprocess.run([*pip, *needed], check=True)
        (folder / "ready").touch()
    return python


def smoke(run: Run, root: Path, release: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run smoke in an environment with that release; return its exit code, report and output."""
    python = cpu_environment(release)
    lock = (HERE / "versions.lock.json").read_text()
    (root / "versions.lock.json").write_text(re.sub(r'"version": "[^"]+"', f'"version": "{release}"', lock))
    report = root / "report.json"
    common = ("smoke", "--python", str(python), "--cache", str(CACHE / "work"), "--output", f"json={report}")
    result = run(root, *common, *arguments)
    document: dict[str, Any] = json.loads(report.read_text())["result"]
    return result.code, document, result.out
