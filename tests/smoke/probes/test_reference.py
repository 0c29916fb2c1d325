"""Tests of the float32 references against the definitions of the formats. They need torch but no GPU."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the references compute with torch, on which fi-bump does not depend")

from fi_bump.smoke.probes import reference  # noqa: E402  # after torch is known to be there


def minifloat(code: int, exponent_bits: int, mantissa_bits: int, bias: int) -> float:
    """Return a value from sign, exponent and mantissa, also subnormal ones, after OCP MX v1.0, section 5.3."""
    sign = -1.0 if code >> (exponent_bits + mantissa_bits) & 1 else 1.0
    exponent = code >> mantissa_bits & ((1 << exponent_bits) - 1)
    mantissa = code & ((1 << mantissa_bits) - 1)
    if exponent == 0:
        return float(sign * 2.0 ** (1 - bias) * mantissa / 2**mantissa_bits)
    return float(sign * 2.0 ** (exponent - bias) * (1 + mantissa / 2**mantissa_bits))


def test_every_e2m1_code() -> None:
    packed = torch.tensor([low | high << 4 for high in range(16) for low in range(16)], dtype=torch.uint8)
    got = reference.unpack_e2m1(packed).tolist()
    want = [minifloat(code, 2, 1, 1) for high in range(16) for low in range(16) for code in (low, high)]
    assert got == want
    assert math.copysign(1, got[0]) == 1.0
    assert [
        math.copysign(1, each) for each in reference.unpack_e2m1(torch.tensor([0x88], dtype=torch.uint8)).tolist()
    ] == [-1, -1]


def test_every_e8m0_code() -> None:
    got = reference.e8m0(torch.arange(256, dtype=torch.int64).to(torch.uint8)).tolist()
    assert math.isnan(got[255])
    # 2 ** -127 is a subnormal float32, which torch flushes to zero on some machines; no real weight has this scale.
    assert got[1:255] == [2.0 ** (code - 127) for code in range(1, 255)]


def test_mxfp4_by_hand() -> None:
    packed = torch.tensor([[0x21] * 16 + [0xF7] * 16], dtype=torch.uint8)
    scales = torch.tensor([[128, 126]], dtype=torch.uint8)
    want = [0.5 * 2, 1.0 * 2] * 16 + [6.0 / 2, -6.0 / 2] * 16
    assert reference.dequantise_mxfp4(packed, scales).tolist() == [want]


def test_nvfp4_by_hand() -> None:
    packed = torch.tensor([[0x21] * 8 + [0xF7] * 8], dtype=torch.uint8)
    # By definition, the E4M3 code 0x38 is 1 and 0x40 is 2.
    scales = torch.tensor([[0x38, 0x40]], dtype=torch.uint8).view(torch.float8_e4m3fn)
    assert [minifloat(code, 4, 3, 7) for code in (0x38, 0x40)] == [1.0, 2.0]
    want = [0.5 / 4, 1.0 / 4] * 8 + [6.0 * 2 / 4, -6.0 * 2 / 4] * 8
    assert reference.dequantise_nvfp4(packed, scales, torch.tensor(4.0)).tolist() == [want]


def test_every_e4m3_code_that_torch_knows() -> None:
    codes = [code for code in range(256) if code & 0x7F != 0x7F]
    values = torch.tensor(codes, dtype=torch.uint8).view(torch.float8_e4m3fn).float().tolist()
    assert values == [minifloat(code, 4, 3, 7) for code in codes]


@pytest.mark.parametrize(
    ("gate", "linear", "named"),
    [
        (1.5, -2.0, {}),
        (9.0, 9.0, {"alpha": 1.702, "beta": 1.0, "limit": 7.0}),
        (-9.0, -9.0, {"alpha": 1.702, "beta": 1.0, "limit": 7.0}),
        (0.0, 3.0, {"alpha": 1.702, "beta": 1.0, "limit": 7.0}),
    ],
)
def test_swiglu(gate: float, linear: float, named: dict[str, float]) -> None:
    alpha, beta, limit = named.get("alpha", 1.0), named.get("beta", 0.0), named.get("limit", math.inf)
    clamped, other = min(gate, limit), max(min(linear, limit), -limit)
    want = clamped / (1 + math.exp(-alpha * clamped)) * (other + beta)
    got = reference.swiglu(torch.tensor(gate), torch.tensor(linear), **named)
    assert float(got) == pytest.approx(want, rel=1e-6)


def test_routing() -> None:
    weights, experts = reference.route(torch.tensor([[0.0, math.log(3.0), math.log(2.0), -50.0]]), 2)
    assert experts.tolist() == [[1, 2]]
    assert weights.tolist()[0] == pytest.approx([0.6, 0.4])


def test_a_mixture_by_hand() -> None:
    # One token and two experts with hidden size 2 and inner size 1, so that every number can be written out.
    x = torch.tensor([[1.0, 2.0]])
    fc1 = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 0.5]]])
    fc2 = torch.tensor([[[1.0], [2.0]], [[-1.0], [3.0]]])
    bias1, bias2 = torch.tensor([[0.0, 0.0], [1.0, -1.0]]), torch.tensor([[0.0, 0.0], [0.5, 0.25]])

    def half(value: float) -> float:
        return float(torch.tensor(value).bfloat16())

    def silu(value: float) -> float:
        return value / (1 + math.exp(-value))

    first = half(silu(2.0) * 1.0)
    second = half(silu(0.0) * 3.0)
    want = [0.75 * first + 0.25 * (-second + 0.5), 0.75 * 2 * first + 0.25 * (3 * second + 0.25)]
    weights, experts = torch.tensor([[0.75, 0.25]]), torch.tensor([[0, 1]])
    got = reference.mixture(x, fc1, fc2, weights, experts, bias1=bias1, bias2=bias2)
    assert got.tolist()[0] == pytest.approx(want, rel=1e-6)


def test_an_expert_without_a_token_is_not_computed() -> None:
    fc1: Any = torch.full((2, 2, 2), float("nan"))
    fc1[0] = 1.0
    out = reference.mixture(
        torch.ones(1, 2), fc1, torch.ones(2, 2, 1), torch.ones(1, 1), torch.zeros(1, 1, dtype=torch.int64)
    )
    assert out.isfinite().all()
