"""Tests of the verdict as a table: red unless every required probe ran and passed."""

from __future__ import annotations

import pytest

from fi_bump.smoke.model import (
    BaselineComparison,
    Device,
    ProbeReport,
    Problem,
    RepositoryPin,
    Sweep,
    SweptRelease,
)
from fi_bump.smoke.registry import PROBES, choose
from fi_bump.smoke.verdict import default_required, problems, runnable, sweep_problems
from tests.smoke.fakes import ONE, TWO

A100 = Device(0, "NVIDIA A100", (8, 0))
FUTURE = Device(0, "NVIDIA R200", (12, 0))
ENVIRONMENT, MXFP4, SCALE, MASKED = "environment", "mxfp4-sm90-interleave", "fp4-scale-contract", "cutedsl-masked-moe"
PAGED, OFFLINE, FUSED = "paged-attention", "offline-start", "allreduce-fusion"
MLA, SOAK, RULE = "mla-decode", "moe-soak", "gdn-prefill"
HOPPER = (ENVIRONMENT, OFFLINE, MXFP4, SCALE, PAGED, MLA, SOAK, RULE)


@pytest.mark.parametrize(
    ("only", "devices", "running", "required"),
    [
        ((), (ONE,), HOPPER, HOPPER),
        # A probe that uses two devices together needs both of them.
        ((), (ONE, ONE._replace(number=1)), (*HOPPER, FUSED), (*HOPPER, FUSED)),
        ((FUSED,), (ONE,), (), ()),
        ((FUSED,), (ONE, TWO), (FUSED,), (FUSED,)),
        ((), (TWO,), (ENVIRONMENT, OFFLINE, SCALE, MASKED), (ENVIRONMENT, OFFLINE, SCALE, MASKED)),
        ((), (ONE, TWO), tuple(PROBES), tuple(PROBES)),
        ((), (FUTURE,), (ENVIRONMENT, OFFLINE, SCALE), (ENVIRONMENT, OFFLINE, SCALE)),
        # If no kernel can run on the machine, one must at least compile.
        ((), (A100,), (ENVIRONMENT, OFFLINE), (ENVIRONMENT, OFFLINE, MASKED)),
        ((), (), (ENVIRONMENT, OFFLINE), (ENVIRONMENT, OFFLINE, MASKED)),
        ((MASKED,), (), (), (MASKED,)),
        ((MASKED,), (ONE,), (), (MASKED,)),
        ((MXFP4,), (), (), ()),
        ((ENVIRONMENT,), (), (ENVIRONMENT,), (ENVIRONMENT,)),
    ],
)
def test_what_this_machine_requires(
    only: tuple[str, ...], devices: tuple[Device, ...], running: tuple[str, ...], required: tuple[str, ...]
) -> None:
    probes = choose(only)
    assert runnable(probes, devices) == running
    assert default_required(probes, devices) == required


def said(name: str, outcome: str) -> ProbeReport:
    return ProbeReport(name, outcome, None if outcome == "pass" else "so", 1.0, {})


@pytest.mark.parametrize(
    ("outcomes", "required", "able", "standing", "expected"),
    [
        ({"a": "pass"}, ["a"], ["a"], [], []),
        ({"a": "pass", "b": "not-run"}, ["a"], ["a"], [], []),
        ({"a": "pass", "b": "compiled"}, ["a"], ["a"], [], []),
        ({"b": "compiled"}, ["b"], [], [], []),
        ({"a": "pass"}, [], ["a"], [], [(None, "no probe can run on this machine, so nothing was tested")]),
        ({"a": "fail"}, ["a"], ["a"], [], [("a", "a failed: so")]),
        # A failed probe counts even if it is not required.
        ({"a": "pass", "b": "fail"}, ["a"], ["a"], [], [("b", "b failed: so")]),
        ({"a": "not-run"}, ["a"], ["a"], [], [("a", "a is required but did not run: so")]),
        ({"a": "pass"}, ["a", "b"], ["a"], [], [("b", "b is required but was not chosen")]),
        ({"a": "compiled"}, ["a"], ["a"], [], [("a", "a is required to run but was only compiled: so")]),
        ({"a": "compiled", "b": "pass"}, ["b"], ["a", "b"], [], []),
        ({"a": "fail", "b": "fail"}, ["a"], ["a"], ["a"], [("b", "b failed: so")]),
        ({"a": "not-run"}, ["a"], ["a"], ["a"], [("a", "a is required but did not run: so")]),
        (
            {"pytest": "compiled"},
            ["pytest"],
            [],
            [],
            [("pytest", "pytest is required to run but was only compiled: so")],
        ),
    ],
)
def test_the_verdict(
    outcomes: dict[str, str],
    required: list[str],
    able: list[str],
    standing: list[str],
    expected: list[tuple[str | None, str]],
) -> None:
    probes = [said(name, outcome) for name, outcome in outcomes.items()]
    compared = BaselineComparison("0.6.8", (), tuple(standing), (), ())
    assert problems(probes, required, able, compared) == tuple(Problem(*each) for each in expected)


GOOD, BAD = SweptRelease("4.5.2", "compiled", "for sm_100a"), SweptRelease("4.6.0", "fail", "no make_fragment")


@pytest.mark.parametrize(
    ("releases", "range_", "pins", "expected"),
    [
        ((GOOD,), "dsl>=4.5.2", (), []),
        ((GOOD, BAD), "dsl>=4.5.2,<4.6", (RepositoryPin("r.txt:1:6", "4.5.2", True),), []),
        (
            (GOOD, BAD),
            "dsl>=4.5.2,<4.6",
            (RepositoryPin("r.txt:1:6", "4.6.0", False), RepositoryPin("s.txt:1:6", "4.5.2", True)),
            ["r.txt:1:6: dsl 4.6.0 is not in dsl>=4.5.2,<4.6"],
        ),
        ((GOOD, BAD), "dsl>=4.5.2,<4.6", (), ["the repository does not pin dsl, and these releases fail: 4.6.0"]),
        ((BAD,), None, (), ["no release of dsl works"]),
    ],
)
def test_the_verdict_of_a_sweep(
    releases: tuple[SweptRelease, ...], range_: str | None, pins: tuple[RepositoryPin, ...], expected: list[str]
) -> None:
    found = sweep_problems(Sweep("dsl", ">=4.5.0", releases, range_, pins))
    assert found == tuple(Problem(None, message) for message in expected)
