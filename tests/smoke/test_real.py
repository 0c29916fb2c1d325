"""The stage on real wheels: compiled without a GPU over the network, and run where there is a GPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run

HERE = Path(__file__).parents[2]
# Kept outside the repository: half a gigabyte of wheels is fetched once.
CACHE = Path.home() / ".cache" / "fi-bump-tests" / "smoke"
VERSION = "0.6.11.post2"
# A torch without CUDA; the default one brings gigabytes that compiling does not need.
TORCH = "torch==2.13.0+cpu"


def cpu_environment() -> Path:
    """An interpreter with the release, a CPU torch and a DSL that compiles it."""
    python = CACHE / f"python{sys.version_info.minor}" / "bin" / "python"
    if not (CACHE / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", python.parents[1]], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, "--no-deps", TORCH], check=False, capture_output=True).returncode:
            pytest.skip(f"{TORCH} is on none of pip's indexes here: name one that has it in pip's configuration")
        subprocess.run([*pip, TORCH, f"flashinfer-python=={VERSION}", "nvidia-cutlass-dsl==4.5.2"], check=True)
        (CACHE / "ready").touch()
    return python


@pytest.mark.network
def test_a_sweep_finds_the_dsl_that_the_kernel_does_not_survive(run: Run, tmp_path: Path) -> None:
    python = cpu_environment()
    report = tmp_path / "report.json"
    common = ["smoke", "--python", str(python), "--cache", str(CACHE / "work"), "--output", f"json={report}"]
    assert run(HERE, *common, "--only", "cutedsl-masked-moe").code == 0
    (probe,) = json.loads(report.read_text())["probes"]
    assert (probe["outcome"], probe["metrics"]["nvidia_cutlass_dsl"]) == ("compiled", "4.5.2")
    result = run(HERE, *common, "--sweep", "nvidia-cutlass-dsl==4.5.2,4.6.0,4.8.1")
    assert result.code == 1
    assert "pin nvidia-cutlass-dsl>=4.5.2,<4.6\n" in result.out
    swept = json.loads(report.read_text())["sweep"]["releases"]
    assert [(each["version"], each["outcome"]) for each in swept] == [
        ("4.5.2", "compiled"),
        ("4.6.0", "fail"),
        ("4.8.1", "fail"),
    ]
    assert "module 'cutlass.cute' has no attribute 'make_fragment'" in swept[-1]["reason"]


@pytest.mark.gpu
def test_every_probe_of_this_architecture_passes(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = run(
        HERE, "smoke", "--python", sys.executable, "--cache", str(CACHE / "work"), "--output", f"json={report}"
    )
    document = json.loads(report.read_text())
    assert (result.code, document["ok"]) == (0, True)


@pytest.mark.gpu
def test_every_planted_defect_is_noticed(tmp_path: Path) -> None:
    from fi_bump.smoke.probes import __main__ as probes
    from fi_bump.smoke.probes.protocol import Request, Result

    request, answer = tmp_path / "request.json", tmp_path / "answer.json"
    request.write_text(Request("mxfp4-sm90-defects", "flashinfer", VERSION, {}, str(CACHE / "work" / "jit")).to_json())
    subprocess.run([sys.executable, probes.__file__, request, answer], check=True)
    result = Result.from_json(answer.read_text())
    assert (result.outcome, result.reason) == ("pass", None)
