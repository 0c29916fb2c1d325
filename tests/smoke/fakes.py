"""Fakes: interpreters that misbehave on demand, wheels of a few bytes, and a progress that records its events."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from fi_bump.smoke.model import Device, ProbeReport, Target

H200 = {"index": 0, "name": "NVIDIA H200", "capability": "9.0", "uuid": "GPU-0000"}
B200 = {"index": 1, "name": "NVIDIA B200", "capability": "10.0", "uuid": "GPU-1111"}
METRICS: dict[str, Any] = {
    "python": "3.12.3",
    "torch": "2.11.0+cu130",
    "cuda": "13.0",
    "driver": "580.95.05",
    "devices": [H200],
    "packages": {"flashinfer-python": "0.6.8.post1", "torch": "2.11.0+cu130"},
    "requires": {"flashinfer-python": ["nvidia-cutlass-dsl>=4.5.0"]},
    "markers": {"python_version": "3.12", "sys_platform": "linux"},
}
ONE = Device(0, "NVIDIA H200", (9, 0), "GPU-0000")
TWO = Device(1, "NVIDIA B200", (10, 0), "GPU-1111")
TARGET = Target(
    python="3.12.3",
    torch="2.11.0+cu130",
    cuda="13.0",
    driver="580.95.05",
    devices=(ONE,),
    packages={"flashinfer-python": "0.6.11.post2", "torch": "2.11.0+cu130"},
    requires={"flashinfer-python": ["nvidia-cutlass-dsl>=4.5.0"]},
    markers={"python_version": "3.12", "sys_platform": "linux"},
)

# A fake Python: it takes the path of the probes, a request and a result, and does what the test set for that probe.
FAKE = """#!{python}
import json, os, signal, subprocess, sys, time
PROBES = {probes!r}
EVIDENCE = {evidence!r}
if sys.argv[1] == "-m":
    exec(PROBES[sys.argv[2]])
    sys.exit(0)
if sys.argv[1].endswith("pytest_main.py"):
    with open(sys.argv[2], "w") as file:
        json.dump({{"collected": 1, "ran": 1, "deselected": 0}}, file)
    exec(PROBES["pytest"])
    sys.exit(0)
request = json.load(open(sys.argv[2]))
def answer(outcome, reason=None, **metrics):
    version = {{"flashinfer-python": request["version"], "flashinfer": request["version"]}}
    shown = {{**EVIDENCE.get(request["probe"], {{}}), **({{"installed": version, "imported": version}} if request["probe"] == "environment" else {{}})}}
    metrics = {{**(shown if outcome == "pass" else {{}}), **metrics}}
    document = {{"outcome": outcome, "reason": reason, "metrics": metrics, "nonce": request["nonce"]}}
    with open(sys.argv[3], "w") as file:
        json.dump(document, file)
exec(PROBES[request["probe"]])
"""
# What each probe shows when it passes.
EVIDENCE: dict[str, dict[str, Any]] = {
    "offline-start": {"modules": 40, "run_seconds": 1.0},
    "mxfp4-sm90-interleave": {
        "layout": "legacy",
        "shapes": {"1 token": {}},
        "overall": 0.003,
        "worst_token": 0.004,
        "worst_expert": 0.004,
    },
    "fp4-scale-contract": {"accepted": ["[1]"], "per_expert_scale": "rejected", "compile_seconds": 1.0},
    "cutedsl-masked-moe": {"routing": {"even": {"worst_token": 0.1}}},
    "paged-attention": {"cases": {"decode": {}}, "worst_token": 0.004},
    "mla-decode": {"cases": {"16 heads": {}}, "worst_token": 0.003},
    "moe-soak": {"cases": {"1": {}}, "replays": 6000},
    "gdn-prefill": {"cases": {"one of 4,096": {}}, "worst_token": 0.008},
    "allreduce-fusion": {"cases": {"rank 0": {}}, "worst_token": 0.003},
}
PASSES = "answer('pass')"
HANGS = "print('waiting', flush=True); time.sleep(600)"
SEGFAULTS = "print('about to fall', flush=True); os.kill(os.getpid(), signal.SIGSEGV)"


def fake_python(folder: Path, probes: dict[str, str] | None = None, metrics: dict[str, Any] | None = None) -> str:
    """Make an interpreter whose probes run the given source; `target` answers with `metrics`, and all others pass."""
    told = {
        "target": f"answer('pass', **{metrics or METRICS!r})",
        "environment": PASSES,
        "offline-start": PASSES,
        "mxfp4-sm90-interleave": PASSES,
        "fp4-scale-contract": PASSES,
        "cutedsl-masked-moe": "answer('compiled', 'for sm_100a, which is not here')",
        "paged-attention": PASSES,
        "mla-decode": PASSES,
        "moe-soak": PASSES,
        "gdn-prefill": PASSES,
        "allreduce-fusion": PASSES,
        **(probes or {}),
    }
    path = folder / "python"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FAKE.format(python=sys.executable, probes=told, evidence=EVIDENCE))
    path.chmod(0o755)
    return str(path)


def wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    """Make a pure Python wheel with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
    contents = {
        **files,
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},{_digest(text)},{len(text.encode())}" for path, text in contents.items()]
    contents[f"{stem}.dist-info/RECORD"] = "\n".join([*record, f"{stem}.dist-info/RECORD,,"]) + "\n"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name_, text in contents.items():
            archive.writestr(name_, text)
    return path


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Remembered:
    """A progress that records its events."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    def started(self, name: str, where: str) -> None:
        self.said.append(f"{name} starts {where}")

    def line(self, name: str, text: str) -> None:
        self.said.append(f"{name} says {text}")

    def ended(self, report: ProbeReport) -> None:
        self.said.append(f"{report.name} {report.outcome}")


def document(text: str) -> Any:
    """Return JSON without the numbers that differ from run to run."""
    loaded = json.loads(text)
    for probe in loaded["probes"]:
        assert probe.pop("seconds") >= 0
    return loaded
