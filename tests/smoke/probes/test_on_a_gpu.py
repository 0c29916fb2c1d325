"""The probes for real, in the interpreter that the tests run with: `pytest -m gpu`, beside FlashInfer and on sm_90."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.smoke import probes
from fi_bump.smoke.probes.protocol import Request

pytestmark = pytest.mark.gpu
FOLDER = Path(probes.__file__).parent


@pytest.mark.parametrize(
    "probe", ["environment", "mxfp4-sm90-interleave", "mxfp4-sm90-defects", "fp4-scale-contract", "cutedsl-masked-moe"]
)
def test_a_probe(probe: str, tmp_path: Path) -> None:
    version = importlib.metadata.version("flashinfer-python").partition("+")[0]
    # Compiled modules are kept: compiling takes minutes.
    cache = Path.home() / ".cache" / "fi-bump-tests" / "smoke"
    request = Request(probe, "flashinfer", version, {"flashinfer-python": None}, str(cache))
    (tmp_path / "request.json").write_text(request.to_json())
    files = (FOLDER / "__main__.py", tmp_path / "request.json", tmp_path / "result.json")
    subprocess.run([sys.executable, *map(str, files)], check=True)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["outcome"] in ("pass", "compiled"), result
    if probe == "mxfp4-sm90-defects":
        print(f"kill rate: {result['metrics']['killed']} of {result['metrics']['planted']}")
