"""Tests of judging an output. They need torch but no GPU."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, on which fi-bump does not depend")

from fi_bump.smoke.probes.judge import Comparison, compare  # noqa: E402  # after torch is known to be there
from fi_bump.smoke.probes.protocol import ProbeResult  # noqa: E402  # after torch is known to be there


def test_worst_token_and_expert() -> None:
    expected = torch.full((4, 8), 2.0)
    output = expected.clone()
    output[3] *= 1.5
    found = compare(output, expected, torch.tensor([[0, 1], [0, 1], [0, 2], [0, 3]]))
    # One token of four is off by a half, and expert 3 has only that token.
    assert found == Comparison(0.25, 0.5, 0.5, 0.75, 0)
    assert found.reason == "the worst token is off by 0.5000, the bound is 0.01"
    assert found.metrics() == {
        "overall": 0.25,
        "worst_token": 0.5,
        "worst_expert": 0.5,
        "close": 0.75,
        "not_numbers": 0,
    }


def test_a_right_output() -> None:
    expected = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    assert compare(expected.clone(), expected, torch.tensor([[0], [1]])) == Comparison(0.0, 0.0, 0.0, 1.0, 0)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Comparison(0.009, 0.01, 0.01, 1.0, 0), None),
        (Comparison(0.001, 0.0101, 0.005, 1.0, 0), "the worst token is off by 0.0101, the bound is 0.01"),
        (Comparison(0.001, 0.005, 0.02, 1.0, 0), "the worst expert is off by 0.0200, the bound is 0.01"),
        (Comparison(0.0, 0.0, 0.0, 1.0, 3), "3 elements were not written, or are NaN or infinite"),
    ],
)
def test_the_verdict(found: Comparison, reason: str | None) -> None:
    assert found.reason == reason


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("experts", [[[0], [1]], [[1], [0]]])
def test_what_is_no_number_is_not_lost(value: float, experts: list[list[int]]) -> None:
    expected = torch.ones(2, 4)
    output = expected.clone()
    output[1, 2] = value
    found = compare(output, expected, torch.tensor(experts))
    assert found.reason == "1 elements were not written, or are NaN or infinite"
    assert found.metrics() == {
        "overall": None,
        "worst_token": None,
        "worst_expert": None,
        "close": 0.875,
        "not_numbers": 1,
    }
    json.loads(ProbeResult("fail", "x", found.metrics()).to_json())


def test_experts_without_a_token_have_no_error() -> None:
    expected = torch.ones(1, 4)
    assert compare(expected * 1.5, expected, torch.tensor([[5]])).worst_expert == 0.5
