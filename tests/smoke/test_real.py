"""Tests of `smoke` with real wheels, without a GPU."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.smoke.real import cpu_environment, smoke

pytestmark = pytest.mark.network

HERE = Path(__file__).parents[2]


def test_the_masked_gemm_compiles_without_a_gpu(run: Run, tmp_path: Path) -> None:
    code, document, _ = smoke(run, tmp_path, "0.6.11.post2", "--only", "cutedsl-masked-moe")
    (probe,) = document["probes"]
    assert (code, probe["outcome"], probe["metrics"]["nvidia_cutlass_dsl"]) == (0, "compiled", "4.5.2")


def test_the_probes_compute_what_the_formats_say() -> None:
    """Run all tests that need torch, because the tests' own environment may not have it, and let none be skipped."""
    # pytest's own dependencies are pure Python, so only torch differs.
    python = cpu_environment("0.6.11.post2")
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "-m", "not gpu", "tests/smoke/probes"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    # `N passed, 1 deselected in …`: nothing was skipped, and the deselected one needs a GPU.
    passed = re.search(r"^(\d+) passed, \d+ deselected in ", done.stdout, re.MULTILINE)
    assert passed, done.stdout
    assert int(passed[1]) > 100


UNITS = """\
import os, sys
sys.path[:0] = sys.argv[1:]
sys.modules["cutlass"] = None  # this DSL does not fit every release; without one all of them can be imported
import torch
from fi_bump.smoke.probes import jit, no_gpu
no_gpu.CAPABILITY = (9, 0)
no_gpu.stand_in(torch)
from flashinfer.jit import fused_moe
spec = fused_moe.gen_cutlass_fused_moe_sm90_module()
kept = jit.reached(spec)
print(len(spec.sources), len(kept), sum(".generated." in source.name for source in kept))
"""


@pytest.mark.parametrize(
    ("release", "units"),
    [("0.6.8.post1", (181, 23, 10)), ("0.6.18.post1", (247, 37, 23)), ("0.7.2.post1", (248, 37, 23))],
)
def test_the_short_way_fits_what_a_wheel_builds(release: str, units: tuple[int, int, int], tmp_path: Path) -> None:
    python = cpu_environment("0.6.11.post2")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    wheels = (f"flashinfer-python=={release}", "apache-tvm-ffi==0.1.15.post2")
    subprocess.run([*pip, "--no-deps", "--target", tmp_path / "wheel", *wheels], check=True)
    environment = {**os.environ, "FLASHINFER_CUDA_ARCH_LIST": "9.0a", "FLASHINFER_WORKSPACE_BASE": str(tmp_path)}
    command = [str(python), "-c", UNITS, str(tmp_path / "wheel"), str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert tuple(map(int, done.stdout.split())) == units
