"""Tests of `smoke` on a GPU: correct wheels pass, and every planted defect turns the verdict red.

FI_BUMP_TEST_TARGET names an interpreter with torch and the locked FlashInfer; the default is the tests' interpreter.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from fi_bump.smoke.probes import __main__ as probes
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.registry import PROBES
from tests.conftest import Run
from tests.smoke import planted

pytestmark = pytest.mark.gpu

HERE = Path(__file__).parents[2]
TARGET = os.environ.get("FI_BUMP_TEST_TARGET", sys.executable)
LOCK = (HERE / "versions.lock.json").read_text()
VERSION = json.loads(LOCK)["groups"]["flashinfer"]["version"]
# A module that one run compiles is used by the next.
CACHE = Path(os.environ.get("FI_BUMP_TEST_CACHE", Path.home() / ".cache" / "fi-bump-tests" / "smoke" / "work"))

# Until then the weights are not interleaved, and the quantiser accepts one scale for each expert.
FIRST_INTERLEAVED = "0.6.11"
INTERLEAVED = Version(VERSION) >= Version(FIRST_INTERLEAVED)
NO_DEFECT_BEFORE = ("expert_scale", "no_interleave", "half_interleave")

MOE, SCALE = "mxfp4-sm90-interleave", "fp4-scale-contract"
PAGED, MLA, SOAK, RULE, FUSED = "paged-attention", "mla-decode", "moe-soak", "gdn-prefill", "allreduce-fusion"


def smoke(run: Run, root: Path, python: str, report: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run smoke; return its exit code and its report."""
    result = run(root, "smoke", "--python", python, "--cache", str(CACHE), "--output", f"json={report}", *arguments)
    document: dict[str, Any] = json.loads(report.read_text())["result"]
    return result.code, document


def capability() -> tuple[int, int]:
    """Return the compute capability of the target's first GPU."""
    program = "import torch; print(*torch.cuda.get_device_capability())"
    done = subprocess.run([TARGET, "-c", program], capture_output=True, text=True, check=True)
    major, minor = map(int, done.stdout.split())
    return major, minor


def test_every_probe_of_this_architecture_passes(run: Run, tmp_path: Path) -> None:
    here = capability()
    chosen = [name for name, probe in PROBES.items() if probe.runs_on(here) and probe.devices == 1]
    only = [argument for name in chosen for argument in ("--only", name)]
    code, document = smoke(run, HERE, TARGET, tmp_path / "report.json", *only)
    found = {probe["name"]: (probe["outcome"], probe["reason"]) for probe in document["probes"]}
    # Without nvidia-cutlass-dsl later releases do not have the gated delta rule.
    left_out = {name for name, (outcome, _) in found.items() if name == RULE and outcome == "not-run"}
    assert {name: found[name] for name in found.keys() - left_out} == {
        name: ("pass", None) for name in chosen if name not in left_out
    }
    assert code == (1 if left_out else 0)


def test_the_all_reduce_of_two_gpus_passes(run: Run, tmp_path: Path) -> None:
    code, document = smoke(run, HERE, TARGET, tmp_path / "report.json", "--only", FUSED, "--devices", "0,1")
    (found,) = document["probes"]
    if found["outcome"] == "not-run":
        pytest.skip(found["reason"])
    assert (code, found["outcome"], found["reason"]) == (0, "pass", None)


def test_every_planted_defect_of_the_data_is_noticed(tmp_path: Path) -> None:
    request, answer = tmp_path / "request.json", tmp_path / "answer.json"
    request.write_text(ProbeRequest("mxfp4-sm90-defects", "flashinfer", VERSION, {}, str(CACHE / "jit")).to_json())
    subprocess.run([TARGET, probes.__file__, request, answer], check=True)
    result = ProbeResult.from_json(answer.read_text())
    assert (result.outcome, result.reason) == ("pass", None)
    # Weights that are not interleaved are no defect of a release without interleave.
    assert result.metrics["killed"] == result.metrics["planted"] == (10 if INTERLEAVED else 9)


@pytest.mark.parametrize(
    ("defect", "probe", "reason"),
    [
        ("hangs", "environment", r"exceeded its time limit of 30 s and was killed"),
        ("segfaults", "environment", r"killed by SIGSEGV.*"),
        ("is_killed", "environment", r"killed by SIGKILL.*"),
        ("breaks_the_context", "environment", r"exited with 1: .+|killed by SIGABRT.*"),
        ("expert_scale", SCALE, r".*globalScale should have shape \[1\] or \[num_tokens\].*"),
        (
            "no_interleave",
            MOE,
            r"the layout cannot be determined from the results; the errors are: legacy 1\.\d+, interleaved 1\.\d+",
        ),
        ("half_interleave", MOE, r"the interleave of the weights is not a permutation of bits: .+"),
        (
            "no_output",
            MOE,
            r"the layout cannot be determined from the results; the errors are: legacy not a number, interleaved (not a number|absent)",
        ),
        (
            "no_soft_cap",
            PAGED,
            r"decode, soft cap and window, 16 x 4,096, fa2: the worst token is off by 0\.[1-9]\d+, the bound is 0\.01; .+",
        ),
        (
            "wide_window",
            PAGED,
            r"decode, soft cap and window, 16 x 4,096, fa2: the worst token is off by 0\.\d+, the bound is 0\.01; .+",
        ),
        ("slow_auto", PAGED, r"decode, 16 x 4,096: auto chose fa3, which takes [2-9]\.\d times as long as fa2; .+"),
        ("no_rotary", MLA, r"16 heads, 16 x 4,096, fa2: the worst token is off by [01]\.\d+, the bound is 0\.01; .+"),
        ("late_drift", SOAK, r"1 tokens: a token of a replay differs by 0\.\d+ from that of the first call, .+"),
        ("no_forgetting", RULE, r"lengths 1 to 1,000, 32 value heads: the worst head of a token is off by .+"),
        ("no_exchange", FUSED, r"rank 1: 1 tokens, as the wheel chooses, called: the worst token is off by [01]\..+"),
    ],
)
def test_a_planted_defect_turns_the_verdict_red(defect: str, probe: str, reason: str, run: Run, tmp_path: Path) -> None:
    if defect in NO_DEFECT_BEFORE and not INTERLEAVED:
        pytest.skip(f"this is no defect of releases before {FIRST_INTERLEAVED}")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {TARGET} {planted.__file__} {defect} "$@"\n')
    python.chmod(0o755)
    more = {"hangs": ("--timeout", "30"), "no_exchange": ("--devices", "0,1")}.get(defect, ())
    code, document = smoke(run, HERE, str(python), tmp_path / "report.json", "--only", probe, *more)
    (found,) = document["probes"]
    if found["outcome"] == "not-run":
        pytest.skip(found["reason"])
    assert (code, document["ok"], found["outcome"]) == (1, False, "fail")
    assert re.fullmatch(reason, found["reason"])


def test_a_wheel_that_is_not_the_locks_turns_the_verdict_red(run: Run, tmp_path: Path) -> None:
    (tmp_path / "versions.lock.json").write_text(LOCK.replace(f'"{VERSION}"', '"0.6.12"'))
    code, document = smoke(run, tmp_path, TARGET, tmp_path / "report.json", "--only", "environment")
    (found,) = document["probes"]
    assert (code, found["outcome"]) == (1, "fail")
    assert found["reason"] == (
        f"flashinfer-python {VERSION} is installed, the lock says 0.6.12; "
        f"flashinfer.__version__ is {VERSION}, the lock says 0.6.12"
    )
