"""A bisection on a GPU of compute capability 9.0: the release in which the layout of MXFP4 weights changed."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from tests.conftest import Run

pytestmark = pytest.mark.gpu

HERE = Path(__file__).parents[2]
# Modules that one run compiles are used by the next.
CACHE = Path(os.environ.get("FI_BUMP_TEST_CACHE", Path.home() / ".cache" / "fi-bump-tests" / "smoke" / "work"))
MOE = "mxfp4-sm90-interleave"
# A folder with wheels of some releases, and of what they require beside the packages of this interpreter.
WHEELS = os.environ.get("FI_BUMP_TEST_WHEELS", "")
OLD, CHANGED = "0.6.8.post1", "0.6.11.post2"
NEEDED = (
    f"FI_BUMP_TEST_WHEELS must name a folder with wheels of flashinfer-python {OLD} and {CHANGED}, and of what they "
    "require and the interpreter of the tests does not have; wheels of other releases may be there too"
)


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


def releases_in(folder: str) -> list[Version]:
    """Return the releases of flashinfer-python in a folder of wheels, in order."""
    wheels = Path(folder).glob("flashinfer_python-*.whl") if folder else ()
    return sorted(parse_wheel_filename(wheel.name)[1] for wheel in wheels)


def test_the_release_in_which_the_layout_changed_among_wheels_without_a_network(run: Run, tmp_path: Path) -> None:
    releases = releases_in(WHEELS)
    if not {Version(OLD), Version(CHANGED)} <= set(releases):
        pytest.skip(NEEDED)
    (tmp_path / "versions.lock.json").write_bytes((HERE / "versions.lock.json").read_bytes())
    report, runs = tmp_path / "report.json", CACHE / "runs"
    asked = ("--good", OLD, "--bad", str(releases[-1]), "--probe", MOE, "--expect", "layout=legacy")
    where = ("--wheelhouse", WHEELS, "--base", sys.executable, "--cache", str(CACHE), "--output", str(report))
    for repeated in (False, True):
        before = set(runs.glob("bisect-*"))
        result = run(tmp_path, "bisect", *asked, *where)
        assert result.code == 0, result.out + result.err
        document = json.loads(report.read_text())["result"]
        found = document["found"]
        assert (found["before"], found["version"]) == (OLD, CHANGED)
        reasons = {each["version"]: each["reason"] for each in document["tried"]}
        assert reasons[CHANGED] == "layout is nibble-interleaved, not legacy"
        assert len(reasons) <= (len(releases) - 2).bit_length() + 1
        (folder,) = set(runs.glob("bisect-*")) - before
        results = {path: json.loads(path.read_text()) for path in folder.glob(f"*/{MOE}.result.json")}
        assert len(results) == len(reasons)
        # The environments are gone, and the modules are kept: nothing is compiled a second time.
        assert not list(folder.glob("*/environment"))
        if repeated:
            assert all(each["metrics"]["jit"]["cached"] for each in results.values())
