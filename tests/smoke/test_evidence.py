"""What a passed probe must show, and the versions in the files of a wheel."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke import evidence
from fi_bump.smoke.evidence import doubt, wheel_versions, wrong_version
from fi_bump.smoke.probes import judge, masked_moe
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.registry import PROBES
from tests.conftest import plant
from tests.smoke.fakes import EVIDENCE

VERSION = {"installed": {"flashinfer-python": "0.6.8+cu130"}, "imported": {"flashinfer": "0.6.8"}}
SHOWN: dict[str, dict[str, Any]] = {**EVIDENCE, "environment": VERSION}


def doubted(probe: str, metrics: dict[str, Any], outcome: str = "pass", nonce: str = "n") -> str | None:
    """Return why an answer to a request of 0.6.8 is not believed."""
    request = ProbeRequest(probe, "flashinfer", "0.6.8", nonce="n")
    return doubt(ProbeResult(outcome, None if outcome == "pass" else "why", metrics, nonce), request)


def test_the_bounds_are_those_of_the_probes() -> None:
    assert (evidence.BOUND, evidence.MASKED_BOUND) == (judge.BOUND, masked_moe.BOUND)


def test_each_probe_has_its_evidence() -> None:
    assert SHOWN.keys() == PROBES.keys()
    for name, metrics in SHOWN.items():
        assert doubted(name, metrics) is None
        assert doubted(name, metrics, nonce="m") == "it is not an answer to this request"
        assert doubted(name, {}) is not None
        # A probe that did not pass has nothing to show.
        assert [doubted(name, {}, outcome) for outcome in ("fail", "compiled", "not-run")] == [None] * 3


@pytest.mark.parametrize("name", SHOWN)
def test_each_metric_is_needed(name: str) -> None:
    for key in SHOWN[name]:
        assert doubted(name, {other: value for other, value in SHOWN[name].items() if other != key}) is not None
        wrongs: tuple[object, ...] = (None, True, "", {}, [], math.inf, -1)
        for wrong in wrongs:
            assert doubted(name, {**SHOWN[name], key: wrong}) is not None


@pytest.mark.parametrize(
    ("name", "metrics", "reason"),
    [
        ("environment", {"installed": {}}, "it passed without the version of flashinfer-python that is installed"),
        (
            "environment",
            {"imported": {"flashinfer": "0.6.9"}},
            "it passed with flashinfer 0.6.9 imported, the request is for 0.6.8",
        ),
        ("mxfp4-sm90-interleave", {"shapes": {}}, "it passed without a layout and cases"),
        ("mxfp4-sm90-interleave", {"overall": None}, "it passed without the metric overall"),
        (
            "mxfp4-sm90-interleave",
            {"worst_expert": 0.0101},
            "it passed with worst_expert 0.0101, which is not from 0 to 0.01",
        ),
        ("fp4-scale-contract", {"accepted": []}, "it passed without an accepted shape of scales"),
        ("cutedsl-masked-moe", {"routing": {"even": 1}}, "it passed without a routing"),
        (
            "cutedsl-masked-moe",
            {"routing": {"a": {"worst_token": 0.1}, "b": {"worst_token": 0.3}}},
            "it passed with worst_token 0.3, which is not from 0 to 0.2",
        ),
        ("paged-attention", {"cases": {}}, "it passed without cases"),
        ("paged-attention", {"worst_token": 1.4}, "it passed with worst_token 1.4, which is not from 0 to 0.01"),
        ("gdn-prefill", {"cases": {}}, "it passed without cases"),
        ("gdn-prefill", {"worst_token": 0.04}, "it passed with worst_token 0.04, which is not from 0 to 0.03"),
        ("moe-soak", {"cases": {}}, "it passed without cases"),
        ("moe-soak", {"hung": "replays 1 to 50"}, "it passed with a hang"),
    ],
)
def test_why_a_result_is_not_believed(name: str, metrics: dict[str, Any], reason: str) -> None:
    assert doubted(name, {**SHOWN[name], **metrics}) == reason


def test_the_versions_of_the_installed_files(tmp_path: Path) -> None:
    site = "env/lib/python3.12/site-packages"
    plant(
        tmp_path,
        {
            f"{site}/flashinfer_python-0.6.8.dist-info/METADATA": b"Name: flashinfer-python\nVersion: 0.6.8\n\nVersion: 9\n",
            f"{site}/torch-2.0.dist-info/METADATA": b"Version: 2.0\n",
            "env/lib/python3.11/site-packages/flashinfer_python-1.dist-info/METADATA": b"Version: 1\n",
            "base/flashinfer_cubin-0.6.7.dist-info/METADATA": b"Version: 0.6.7\n",
        },
    )
    packages = ("flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache")
    found = wheel_versions(str(tmp_path / "env/bin/python"), "3.12", packages, [str(tmp_path / "base")])
    assert found == {"flashinfer-python": {"0.6.8"}, "flashinfer-cubin": {"0.6.7"}}
    told = {"flashinfer-python": "0.6.8", "flashinfer-cubin": "0.6.7"}
    assert wrong_version(told, found) is None
    assert wrong_version({**told, "flashinfer-cubin": "0.6.8"}, found) == (
        "this interpreter says that flashinfer-cubin is 0.6.8, but the installed files say 0.6.7"
    )
    assert wrong_version({"flashinfer-cubin": "0.6.7"}, found) == (
        "this interpreter does not name flashinfer-python, but the installed files say 0.6.8"
    )
