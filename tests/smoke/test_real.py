"""The stage on real wheels, without a GPU."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.network

HERE = Path(__file__).parents[2]
# Kept outside the repository: half a gigabyte of wheels is fetched once.
CACHE = Path.home() / ".cache" / "fi-bump-tests" / "smoke"
# A torch without CUDA; the default one brings gigabytes that compiling does not need.
TORCH = "torch==2.13.0+cpu"
DSL = "nvidia-cutlass-dsl"


def cpu_environment(release: str, *others: str) -> Path:
    """An interpreter with a release of FlashInfer, a CPU torch and a DSL that compiles it."""
    folder = CACHE / f"python{sys.version_info.minor}-{'-'.join([release, *others])}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, "--no-deps", TORCH], check=False, capture_output=True).returncode:
            pytest.skip(f"{TORCH} is on none of pip's indexes here: name one that has it in pip's configuration")
        subprocess.run([*pip, TORCH, f"flashinfer-python=={release}", f"{DSL}==4.5.2", *others], check=True)
        (folder / "ready").touch()
    return python


@pytest.mark.parametrize(
    ("release", "code", "pin", "outcomes"),
    [
        ("0.6.11.post2", 1, f"{DSL}>=4.5.2,<4.6", ("compiled", "fail", "fail")),
        ("0.6.13", 0, f"{DSL}>=4.5.2", ("compiled", "compiled", "compiled")),
    ],
)
def test_a_sweep_finds_the_dsl_that_the_kernel_does_not_survive(
    release: str, code: int, pin: str, outcomes: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    python = cpu_environment(release)
    lock = (HERE / "versions.lock.json").read_text()
    (tmp_path / "versions.lock.json").write_text(re.sub(r'"version": "[^"]+"', f'"version": "{release}"', lock))
    report = tmp_path / "report.json"
    common = ["smoke", "--python", str(python), "--cache", str(CACHE / "work"), "--output", f"json={report}"]
    assert run(tmp_path, *common, "--only", "cutedsl-masked-moe").code == 0
    (probe,) = json.loads(report.read_text())["probes"]
    assert (probe["outcome"], probe["metrics"]["nvidia_cutlass_dsl"]) == ("compiled", "4.5.2")
    result = run(tmp_path, *common, "--sweep", f"{DSL}==4.5.2,4.6.0,4.8.1")
    assert result.code == code
    assert f"pin {pin}" in result.out
    swept = json.loads(report.read_text())["sweep"]["releases"]
    found = tuple((each["version"], each["outcome"]) for each in swept)
    assert found == tuple(zip(("4.5.2", "4.6.0", "4.8.1"), outcomes, strict=True))
    if outcomes[-1] == "fail":
        assert "module 'cutlass.cute' has no attribute 'make_fragment'" in swept[-1]["reason"]


def test_the_probes_compute_what_the_formats_say() -> None:
    """The tests that need torch, which the tests' own environment need not have, with none of them left out."""
    # What pytest itself needs is pure Python: only torch differs.
    python = cpu_environment("0.6.11.post2", "pytest==9.2.0")
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "-m", "not gpu", "tests/smoke/probes"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    # `N passed, 1 deselected in …`, of which the one is a GPU's: nothing skipped.
    passed = re.search(r"^(\d+) passed, \d+ deselected in ", done.stdout, re.MULTILINE)
    assert passed, done.stdout
    assert int(passed[1]) > 100
