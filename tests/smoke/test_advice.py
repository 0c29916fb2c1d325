"""What a red report advises: an interpreter without torch or FlashInfer, a torch for CPUs, a machine without a GPU."""

from __future__ import annotations

from typing import Any

import pytest

from fi_bump.smoke.advice import advice_lines
from fi_bump.smoke.model import Problem, SmokeReport
from tests.smoke.fakes import TARGET

BOTH = {"flashinfer-python": "0.7.2", "torch": "2.13.0+cpu"}
MADE = "or leave out --python, so that fi-bump makes an environment"
FLASHINFER = f"help: install flashinfer-python==0.7.2 in this interpreter, {MADE}"
GPU = (
    "help: run fi-bump smoke on a machine with a GPU that these probes run on, or compile without one: "
    "fi-bump smoke --compile-only"
)


def red(required: tuple[str, ...] = ("environment",), **target: Any) -> SmokeReport:
    said = (Problem(None, "a reason"),)
    return SmokeReport(
        ok=False,
        group="flashinfer",
        version="0.7.2",
        target=TARGET._replace(**target),
        required=required,
        problems=said,
        probes=(),
    )


@pytest.mark.parametrize(
    ("report", "lines"),
    [
        (red(packages={}, torch=None, cuda=None), [FLASHINFER, f"help: install torch in this interpreter, {MADE}"]),
        (red(packages={"torch": "2.13.0+cpu"}), [FLASHINFER]),
        (red(packages=BOTH, torch=None), [f"help: repair torch in this interpreter, {MADE}"]),
        (
            red(packages=BOTH, torch="2.13.0+cpu", cuda=None),
            ["help: install a torch that is built with CUDA; torch 2.13.0+cpu is built without it"],
        ),
        (red(packages=BOTH, torch="2.13.0+cpu", cuda=None, driver=None), []),
        (red((), packages=BOTH), [GPU]),
        (red(packages=BOTH), []),
        (red(packages={}, torch=None)._replace(ok=True), []),
    ],
)
def test_the_advice(report: SmokeReport, lines: list[str]) -> None:
    assert list(advice_lines(report)) == lines
