"""Bisections over real releases, without a GPU: which release compiles, and what it changed.

Each environment takes about half a gigabyte and minutes, and is removed after its answer.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run

pytestmark = [pytest.mark.network, pytest.mark.slow]

HERE = Path(__file__).parents[2]
DSL = "nvidia-cutlass-dsl"
# A torch without CUDA; the default one needs gigabytes that compiling does not use.
TORCH = "torch==2.13.0+cpu"
PROBE = ("--probe", "cutedsl-masked-moe", "--with", TORCH)


def bisected(run: Run, root: Path, version: str, *arguments: str) -> dict[str, Any]:
    """Bisect with the group locked at `version`; return the report of a bisection that found a release."""
    looked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(root / "torch"), TORCH]
    if subprocess.run(looked, check=False, capture_output=True).returncode:
        pytest.skip(f"{TORCH} is on none of pip's indexes here: name one that has it in pip's configuration")
    lock = (HERE / "versions.lock.json").read_text()
    (root / "versions.lock.json").write_text(re.sub(r'"version": "[^"]+"', f'"version": "{version}"', lock))
    report = root / "report.json"
    asked = ("bisect", *arguments, *PROBE, "--cache", str(root / "cache"), "--output", str(report))
    result = run(root, *asked, offline=False)
    assert result.code == 0, result.out + result.err
    document: dict[str, Any] = json.loads(report.read_text())["result"]
    return document


def test_the_first_release_of_the_dsl_that_breaks_a_locked_release(run: Run, tmp_path: Path) -> None:
    document = bisected(run, tmp_path, "0.6.11.post2", "--package", DSL, "--good", "4.5.0", "--bad", "4.8.1")
    found = document["found"]
    assert (found["kind"], found["version"], found["before"]) == ("first-bad", "4.6.0", "4.5.3")
    # 11 releases after the good one: at most ⌈log2 11⌉ + 1 environments.
    assert len(document["releases"]) == 12
    assert len(document["tried"]) <= 5
    entry = document["entry"]
    assert (entry["versions"], entry["breaks_with"]) == ("==0.6.11.post2", f"{DSL}>=4.6.0,<=4.6.1")
    assert entry["reason"].endswith("AttributeError: module 'cutlass.cute' has no attribute 'make_fragment'")
    # The release removed what the failure names, in a package that it brings at its own version.
    assert any(name.endswith(".make_fragment") for name in document["changes"]["removed"])


def test_the_first_release_of_the_group_that_compiles_with_a_newer_dsl(run: Run, tmp_path: Path) -> None:
    ends = ("--good", "0.6.18.post1", "--bad", "0.6.8.post1", "--with", f"{DSL}==4.6.0")
    document = bisected(run, tmp_path, "0.6.11.post2", *ends)
    found = document["found"]
    assert (found["kind"], found["version"], found["before"]) == ("first-good", "0.6.13", "0.6.12")
    assert found["page"] == "https://github.com/flashinfer-ai/flashinfer/releases/tag/v0.6.13"
    releases = len(document["releases"]) - 1
    assert len(document["tried"]) <= (releases - 1).bit_length() + 1
    assert document["entry"]["breaks_with"] == f"{DSL}==4.6.0"
