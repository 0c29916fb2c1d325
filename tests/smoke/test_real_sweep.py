"""Sweeps with real wheels, without a GPU; in a file of their own, so that another worker can run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.smoke.real import DSL, smoke

pytestmark = pytest.mark.network


@pytest.mark.parametrize(
    ("release", "tried", "code", "pin"),
    [
        ("0.6.11.post2", {"4.5.2": "compiled", "4.6.0": "fail", "4.8.1": "fail"}, 1, f"{DSL}>=4.5.2,<4.6"),
        ("0.6.13", {"4.5.2": "compiled", "4.6.0": "compiled", "4.8.1": "compiled"}, 0, f"{DSL}>=4.5.2"),
    ],
)
def test_a_sweep_finds_the_dsl_that_the_kernel_does_not_survive(
    release: str, tried: dict[str, str], code: int, pin: str, run: Run, tmp_path: Path
) -> None:
    ended, document, out = smoke(run, tmp_path, release, "--sweep", f"{DSL}=={','.join(tried)}")
    releases = document["sweep"]["releases"]
    assert {each["version"]: each["outcome"] for each in releases} == tried
    assert ended == code
    assert f"pin {pin}\n" in out
    if code:
        assert releases[-1]["reason"] == (
            "the kernel does not compile with nvidia-cutlass-dsl 4.8.1: "
            "AttributeError: module 'cutlass.cute' has no attribute 'make_fragment'"
        )
