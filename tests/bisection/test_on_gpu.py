"""A bisection on a GPU of compute capability 9.0: the release in which the layout of MXFP4 weights changed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.gpu

HERE = Path(__file__).parents[2]
# Modules that one run compiles are used by the next.
CACHE = Path(os.environ.get("FI_BUMP_TEST_CACHE", Path.home() / ".cache" / "fi-bump-tests" / "smoke" / "work"))
MOE = "mxfp4-sm90-interleave"


def test_the_release_in_which_the_layout_changed(run: Run, tmp_path: Path) -> None:
    lock = (HERE / "versions.lock.json").read_text()
    (tmp_path / "versions.lock.json").write_text(re.sub(r'"version": "[^"]+"', '"version": "0.6.11.post2"', lock))
    report = tmp_path / "report.json"
    asked = ("--good", "0.6.8.post1", "--bad", "0.6.11.post2", "--probe", MOE, "--expect", "layout=legacy")
    result = run(tmp_path, "bisect", *asked, "--cache", str(CACHE), "--output", str(report), offline=False)
    assert result.code == 0, result.out + result.err
    document = json.loads(report.read_text())["result"]
    tried = {each["version"]: each for each in document["tried"]}
    found = document["found"]
    assert tried[found["before"]]["judgement"] == "good"
    assert tried[found["version"]]["reason"].startswith("layout is ")
    assert len(tried) <= (len(document["releases"]) - 2).bit_length() + 1
    # The release brought the functions that interleave weights and scales.
    assert any("interleave_moe_weights" in name for name in document["changes"]["added"])
    # The environments are gone, and the modules are kept.
    assert not list(CACHE.glob("runs/bisect-*/*/environment"))
    assert any((CACHE / "jit").rglob("*.so"))
