"""The verdict on planted defects, over the float32 model with the noise of a right kernel. Need torch, no GPU."""

from __future__ import annotations

import json
import math

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, which is no dependency of fi-bump")

from fi_bump.smoke.probes import defects, fp4_scale, moe_case, mxfp4_sm90  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.judge import BOUND, Comparison, compare  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.moe_case import Shape  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.protocol import Result  # noqa: E402  # after torch is there

SHAPE = Shape(32, 512, 512, 8, 2)


@pytest.fixture(scope="module")
def case() -> moe_case.Case:
    """A mixture on the CPU."""
    return moe_case.make(SHAPE, gpt_oss=False, device="cpu")


def noisy(expected: object) -> object:
    """What a right kernel answers: rounded to bfloat16, with relative noise of 0.004."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(expected.shape, generator=generator)  # type: ignore[attr-defined]  # a tensor
    return (expected * (1 + 0.0035 * noise)).bfloat16()


@pytest.mark.parametrize("gpt_oss", [False, True])
def test_a_right_kernel_is_green(gpt_oss: bool) -> None:
    case = moe_case.make(SHAPE, gpt_oss=gpt_oss, device="cpu")
    expected = case.expected()
    found = compare(noisy(expected), expected, case.experts)
    assert found.reason is None
    assert 0.003 < found.overall < 0.005
    assert found.worst_token < 0.006
    assert found.close == 1.0


def test_every_planted_defect_is_red(case: moe_case.Case) -> None:
    expected = case.expected()
    planted = dict(defects.planted(case))
    assert len(planted) == 8
    green = [
        name for name, fed in planted.items() if compare(noisy(fed.expected()), expected, case.experts).reason is None
    ]
    assert green == []


def test_the_customary_bound_would_let_a_flipped_row_pass() -> None:
    # Among more inner rows one wrong row is a smaller part of every element.
    case = moe_case.make(Shape(16, 256, 2816, 4, 2), gpt_oss=False, device="cpu")
    expected = case.expected()
    fed = dict(defects.planted(case))["one row's signs flipped in one expert"]
    found = compare(noisy(fed.expected()), expected, case.experts)
    assert found.close > 0.998
    assert found.worst_token > BOUND


def test_the_defects_change_what_they_say(case: moe_case.Case) -> None:
    packed = torch.tensor([0x12, 0xF0], dtype=torch.uint8)
    assert defects.swapped(packed).tolist() == [0x21, 0x0F]
    rows = torch.arange(4).reshape(1, 4)
    assert defects.halves_swapped(rows, 2).tolist() == [[2, 3, 0, 1]]
    assert defects.stale(torch.tensor([[1], [2], [3]])).tolist() == [[2], [2], [3]]
    assert defects.flipped(torch.zeros(2, 2, 2, dtype=torch.uint8), 1).tolist() == [
        [[0, 0], [0, 0]],
        [[0x88, 0x88], [0, 0]],
    ]
    for name, fed in defects.planted(case):
        same = all(torch.equal(getattr(case, each), getattr(fed, each)) for each in ("w1", "w2", "s1", "s2"))
        assert not same, name


def test_what_is_unwritten_is_no_number() -> None:
    expected = torch.ones(2, 4)
    output = expected.clone()
    output[1, 2] = float("nan")
    found = compare(output, expected, torch.tensor([[0], [1]]))
    assert found.reason == "1 elements were left unwritten or are no numbers"
    assert found.metrics()["overall"] is None
    json.dumps(Result("fail", "x", found.metrics()).to_json())


def test_worst_token_and_expert() -> None:
    expected = torch.full((4, 8), 2.0)
    output = expected.clone()
    output[3] *= 1.5
    found = compare(output, expected, torch.tensor([[0, 1], [0, 1], [0, 2], [0, 3]]))
    assert found.worst_token == pytest.approx(0.5)
    assert found.worst_expert == pytest.approx(0.5)
    assert found.overall == pytest.approx(0.25)
    assert found.reason == f"the worst token is off by 0.5000, the bound is {BOUND}"
    quiet = Comparison(0.001, 0.005, 0.02, 1.0, 0)
    assert quiet.reason == f"the worst expert is off by 0.0200, the bound is {BOUND}"


def permuted(order: list[int]) -> object:
    """A function that sends the nibbles of each group of 8 where `order` says."""

    def interleave(weights: object) -> object:
        flat = weights.flatten()  # type: ignore[attr-defined]  # a tensor
        nibbles = torch.stack((flat & 15, flat >> 4), dim=-1).flatten().reshape(-1, 8)[:, order].flatten()
        return (nibbles[0::2] | (nibbles[1::2] << 4)).reshape(weights.shape)  # type: ignore[attr-defined]  # a tensor

    return interleave


@pytest.mark.parametrize(
    ("interleave", "trouble"),
    [
        (permuted([4, 0, 5, 1, 6, 2, 7, 3]), None),
        (permuted([0, 1, 2, 3, 4, 5, 6, 7]), "changes nothing"),
        (permuted([0, 0, 2, 3, 4, 5, 6, 7]), "is no permutation of nibbles: some are lost or doubled"),
        (lambda weights: weights.flatten()[:-1], "changes the size"),
    ],
)
def test_permutations_of_nibbles(interleave: object, trouble: str | None) -> None:
    weights = torch.randint(0, 256, (2, 16, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert mxfp4_sm90.permutation_trouble(weights, interleave) == trouble


def test_a_permutation_that_looks_at_values() -> None:
    inner = permuted([4, 0, 5, 1, 6, 2, 7, 3])

    def odd(weights: object) -> object:
        out = inner(weights)  # type: ignore[operator]  # a function of tensors
        return torch.where(out == 0x42, torch.full_like(out, 0x24), out) if (weights == 0xFF).any() else out  # type: ignore[attr-defined]  # a tensor

    # The places that the probe writes hold every byte too, so only what they never hold can be missed before.
    weights = torch.randint(0, 256, (1, 8, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    weights[0, 0, 0] = 0xFF
    assert (inner(weights) == 0x42).any()  # type: ignore[operator]  # a function of tensors
    assert mxfp4_sm90.permutation_trouble(weights, odd) == "treats values differently"


def test_the_scale_interleave_by_its_definition() -> None:
    scales = torch.arange(2 * 3 * 8, dtype=torch.uint8).reshape(2, 3, 8)
    out = mxfp4_sm90.hand_interleaved(scales)
    assert out.shape == (2, 2, 12)
    for expert in range(2):
        for row in range(3):
            for block in range(8):
                assert out[expert, block // 4, row * 4 + block % 4] == scales[expert, row, block]


def test_swizzled_block_scales() -> None:
    rows, columns = 200, 6
    plain = torch.arange(rows * columns).reshape(rows, columns)
    tiles = torch.zeros(2 * 128 * 8, dtype=torch.int64)
    # NVIDIA's 128 x 4 tile: row r, column c of a tile stand at 16 (r mod 32) + 4 (r div 32) + c.
    for row in range(rows):
        for column in range(columns):
            tile = (row // 128) * 2 + column // 4
            tiles[tile * 512 + 16 * (row % 128 % 32) + 4 * (row % 128 // 32) + column % 4] = plain[row, column]
    assert torch.equal(fp4_scale.unswizzled(tiles, rows, columns), plain)


def test_shapes_fit_the_interleave() -> None:
    for shape in (*mxfp4_sm90.SHAPES, *defects.SHAPES):
        assert shape.hidden % 128 == 0
        assert shape.inner % 128 == 0
    assert {shape.tokens for shape in mxfp4_sm90.SHAPES} >= {1, 256}
    assert math.isclose(moe_case.ALPHA, 1.702)
