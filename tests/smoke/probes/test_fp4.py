"""Tests of the scale contract and of the masked mixture, with models of the kernels on the CPU. They need only torch."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, on which fi-bump does not depend")

from fi_bump.smoke.probes import fp4_scale, jit, masked_moe, reference  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.masked_moe import HIDDEN, INNER, ROUTING, ROWS, TOP  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.protocol import ProbeRequest  # noqa: E402  # after torch is there

REQUEST = ProbeRequest("fp4-scale-contract", "flashinfer", "0.6.11.post2", {"flashinfer-python": None})
REFUSAL = "Error in the check\n  globalScale should have shape [1] or [num_tokens]\n"
VALUES = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])


def quantised(x: Any, scale: Any) -> tuple[Any, Any]:
    """Quantise to NVFP4 `[…, k / 2]` and E4M3 block scales `[…, k / 16]`: the largest value of a block becomes 6."""
    blocks = x.float().unflatten(-1, (-1, 16))
    factors = (scale * blocks.abs().amax(dim=-1) / 6).to(torch.float8_e4m3fn)
    scaled = blocks * (scale / factors.float().clamp(min=1e-9))[..., None]
    codes = (scaled.abs()[..., None] - VALUES).abs().argmin(dim=-1) | ((scaled < 0) << 3)
    flat = codes.flatten(-2).to(torch.uint8)
    return flat[..., 0::2] | (flat[..., 1::2] << 4), factors


def tiled(scales: Any) -> Any:
    """Put block scales `[rows, columns]` into 128 x 4 tiles, with (r, c) at 16 (r mod 32) + 4 (r div 32) + c."""
    rows, columns = scales.shape
    tiles = torch.zeros(-(-rows // 128), -(-columns // 4), 32, 4, 4, dtype=scales.dtype)
    r, c = torch.arange(rows)[:, None], torch.arange(columns)[None, :]
    tiles[r // 128, c // 4, r % 32, r % 128 // 32, c % 4] = scales
    return tiles


def test_tiles_of_block_scales() -> None:
    plain = torch.arange(200 * 6).reshape(200, 6)
    assert torch.equal(fp4_scale.unswizzled(tiled(plain), 200, 6), plain)


class Quantiser:
    """Return the `fp4_quantize` of a release that accepts global scales of these sizes."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def __call__(self, x: Any, scale: Any) -> tuple[Any, Any]:
        if scale.numel() not in self.sizes:
            raise RuntimeError(REFUSAL)
        packed, factors = quantised(x, scale.reshape(-1, 1))
        return packed, tiled(factors.view(torch.uint8)).flatten()


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Fake a GPU with a compute capability, and a release with this quantiser."""

    def install(capability: tuple[int, int], quantiser: Any) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
        monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
        for name in ("randn", "ones", "tensor", "full"):
            on_the_cpu(name)
        monkeypatch.setattr(jit, "prepare", lambda *_: None)
        monkeypatch.setattr(jit, "take_over_builds", lambda: None)
        monkeypatch.setitem(sys.modules, "flashinfer", types.SimpleNamespace(fp4_quantize=quantiser))

    def on_the_cpu(name: str) -> None:
        make = getattr(torch, name)

        def made(*arguments: Any, device: object = None, **named: Any) -> Any:
            return make(*arguments, **named)

        monkeypatch.setattr(torch, name, made)

    return install


def test_the_contract_on_sm_90_says_nothing_of_numbers(card: Callable[..., None]) -> None:
    card((9, 0), Quantiser(1, 16))
    result = fp4_scale.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    assert {name: value for name, value in result.metrics.items() if name != "compile_seconds"} == {
        "accepted": ["[1]", "[num_tokens]", "[num_experts][:1]"],
        "rejected": {"[num_experts]": "RuntimeError: globalScale should have shape [1] or [num_tokens]"},
        "per_expert_scale": "rejected",
        "claims": "contract only",
    }


def test_a_release_that_takes_any_scale(card: Callable[..., None]) -> None:
    card((9, 0), lambda x, scale: None)
    result = fp4_scale.run(REQUEST)
    assert result.outcome == "pass"
    assert result.metrics["per_expert_scale"] == "accepted"
    assert result.metrics["rejected"] == {}


def test_a_scale_that_engines_need_is_rejected(card: Callable[..., None]) -> None:
    card((9, 0), Quantiser(1))
    result = fp4_scale.run(REQUEST)
    assert result.outcome == "fail"
    assert result.reason == (
        "a global scale of shape [num_tokens] is rejected: "
        "RuntimeError: globalScale should have shape [1] or [num_tokens]"
    )


def test_what_does_not_compile_is_not_called_a_rejection(card: Callable[..., None]) -> None:
    def broken(x: Any, scale: Any) -> None:
        raise RuntimeError("Ninja build failed.")

    card((9, 0), broken)
    with pytest.raises(RuntimeError, match="Ninja build failed"):
        fp4_scale.run(REQUEST)


def test_numbers_on_sm_100(card: Callable[..., None]) -> None:
    card((10, 0), Quantiser(1, 16))
    result = fp4_scale.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    assert result.metrics["claims"] == "contract and numbers"
    # This is the error of the format itself.
    assert 0.085 < result.metrics["overall"] < 0.1


def test_wrong_numbers_on_sm_100(card: Callable[..., None]) -> None:
    right = Quantiser(1, 16)

    def swapped(x: Any, scale: Any) -> tuple[Any, Any]:
        packed, factors = right(x, scale)
        return (packed << 4) | (packed >> 4), factors

    card((10, 0), swapped)
    result = fp4_scale.run(REQUEST)
    assert result.outcome == "fail"
    assert str(result.reason).startswith("quantised values are off by 1.")
    card((10, 0), lambda x, scale: (right(x, scale)[0], torch.full_like(right(x, scale)[1], 0x7F)))
    assert fp4_scale.run(REQUEST).reason == "quantised values are off by nan, the bound is 0.12"


@pytest.mark.parametrize(
    ("available", "capability", "reason"),
    [
        (False, (0, 0), "torch finds no GPU"),
        (True, (8, 9), "this GPU has compute capability 8.9, 9.0 is needed"),
    ],
)
def test_other_machines(
    monkeypatch: pytest.MonkeyPatch, available: bool, capability: tuple[int, int], reason: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    result = fp4_scale.run(REQUEST)
    assert (result.outcome, result.reason) == ("not-run", reason)


def test_what_an_error_says_last() -> None:
    assert fp4_scale.reason_of(RuntimeError("")) == "RuntimeError: no reason"
    assert fp4_scale.reason_of(ValueError("a\n\n  b  \n")) == "ValueError: b"
    assert len(fp4_scale.reason_of(ValueError("x" * 1000))) == 300


class Kernels:
    """The grouped quantisers and the masked GEMM of sm_100 on the CPU. Rows that the mask drops stay NaN."""

    grouped_defect = ""

    def scaled_fp4_grouped_quantize(self, matrices: Any, rows: Any, scales: Any) -> tuple[Any, Any]:
        """Quantise `[experts, rows, k]` to `[rows, k / 2, experts]` and tiles of scales.

        The tiles are `(32, 4, row tiles, 4, column tiles, experts)`.
        """
        packed, factors = zip(
            *(quantised(each, scale) for each, scale in zip(matrices, scales, strict=True)), strict=True
        )
        tiles = torch.stack([tiled(each.view(torch.uint8)) for each in factors])
        for expert, count in enumerate(rows.tolist()):
            assert count <= matrices.shape[1]
            packed[expert][count:] = 0xFF
        return torch.stack(packed).permute(1, 2, 0), tiles.view(torch.float8_e4m3fn).permute(3, 4, 1, 5, 2, 0)

    def silu_and_mul_scaled_nvfp4_experts_quantize(self, rows: Any, mask: Any, scales: Any) -> tuple[Any, Any]:
        """Activate and quantise; the gate's columns come first."""
        gate, linear = rows.float().chunk(2, dim=-1)
        if self.grouped_defect == "gate and up swapped":
            gate, linear = linear, gate
        middle = (gate / (1 + torch.exp(-gate)) * linear).nan_to_num()
        return self.scaled_fp4_grouped_quantize(middle, mask, scales)

    def grouped_gemm_nt_masked(self, left: Any, right: Any, out: Any, mask: Any, **named: Any) -> None:
        """Write the product into `out [rows, columns, experts]`."""
        alpha = named["alpha"]
        assert (named["sf_vec_size"], named["alpha_dtype"], named["c_dtype"]) == (16, "float32", "bfloat16")
        for expert, count in enumerate(mask.tolist()):
            one, other = (self.values(packed, scales, expert) for packed, scales in (left, right))
            if self.grouped_defect == "mask one short":
                count = max(count - 1, 0)
            if self.grouped_defect == "alpha of the first expert":
                alpha = alpha[..., :1].expand_as(alpha)
            out[:count, :, expert] = (one[:count] @ other.T * alpha[0, 0, expert]).bfloat16()

    def values(self, packed: Any, scales: Any, expert: int) -> Any:
        """Return one expert's matrix without its global scale."""
        matrix = packed[..., expert]
        factors = scales[..., expert].float()
        rows = torch.arange(matrix.shape[0])
        columns = torch.arange(matrix.shape[1] * 2) // 16
        r, c = rows[:, None], columns[None, :]
        blocks = factors[r % 32, r % 128 // 32, r // 128, c % 4, c // 4]
        codes = torch.stack((matrix & 15, matrix >> 4), dim=-1).flatten(-2).long()
        return VALUES[codes & 7] * torch.where(codes > 7, -1, 1) * blocks


@pytest.fixture
def kernels(card: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Kernels:
    """Run the probe on a fake GPU of sm_100."""
    made = Kernels()
    card((10, 0), None)
    monkeypatch.setitem(sys.modules, "flashinfer", made)
    return made


def test_the_masked_mixture(kernels: Kernels) -> None:
    metrics: dict[str, Any] = {}
    result = masked_moe.run(lambda: kernels, metrics)
    assert (result.outcome, result.reason) == ("pass", None)
    assert set(metrics["routing"]) == {"balanced", "uneven"}
    for found in metrics["routing"].values():
        # The error of quantising the activation.
        assert 0.08 < found["overall"] < 0.11
        assert found["worst_token"] < 0.14
        assert found["close"] > 0.97
        assert found["not_numbers"] == 0


@pytest.mark.parametrize(
    ("defect", "reason"),
    [
        ("gate and up swapped", "balanced routing: the worst row is off by "),
        ("alpha of the first expert", "balanced routing: the worst row is off by "),
        (
            "mask one short",
            f"balanced routing: {8 * HIDDEN} elements of masked rows were not written, or are NaN or infinite",
        ),
    ],
)
def test_defects_of_the_masked_mixture(kernels: Kernels, defect: str, reason: str) -> None:
    kernels.grouped_defect = defect
    result = masked_moe.run(lambda: kernels, {})
    assert result.outcome == "fail"
    assert str(result.reason).startswith(reason)


def test_zeros_are_not_close() -> None:
    # With the inputs of engines' own tests, outputs are below the absolute tolerance and zeros would pass; not here.
    torch.manual_seed(0)
    x, w1, w2 = (each.float() for each in masked_moe.inputs(2, "cpu"))
    want = masked_moe.activated(x[0], w1[0]) @ w2[0].T
    found, reason = masked_moe.judge(torch.zeros_like(want), want)
    assert found["close"] < 0.3
    assert reason == "the worst row is off by 1.0000, the bound is 0.2"


def test_the_judge_of_masked_rows() -> None:
    want = torch.tensor([[3.0, 4.0], [6.0, 8.0]])
    got = torch.tensor([[3.0, 4.0], [6.0, 9.0]])
    found, reason = masked_moe.judge(got, want)
    assert found == {"overall": 0.089443, "worst_token": 0.1, "close": 1.0, "not_numbers": 0}
    assert reason is None
    got[0, 0] = float("nan")
    found, reason = masked_moe.judge(got, want)
    assert found == {"overall": None, "worst_token": None, "close": 0.75, "not_numbers": 1}
    assert reason == "1 elements of masked rows were not written, or are NaN or infinite"


def test_one_expert_out_of_a_grouped_quantisation() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, 200, 96)
    scales = TOP / matrices.abs().amax(dim=(1, 2))
    packed, tiles = Kernels().scaled_fp4_grouped_quantize(matrices, torch.full((3,), 200), scales)
    plain = masked_moe.Quantised(packed, tiles, scales).plain(1)
    assert plain.shape == (200, 96)
    assert 0.085 < float((plain - matrices[1]).norm() / matrices[1].norm()) < 0.1


def test_routings_cover_what_can_go_wrong() -> None:
    assert all(len(counts) == 8 and max(counts) <= ROWS for counts in ROUTING.values())
    assert len(set(ROUTING["balanced"])) == 1
    assert {0, 1, ROWS} <= set(ROUTING["uneven"])
    assert HIDDEN % (4 * reference.NV_BLOCK) == INNER % (4 * reference.NV_BLOCK) == 0
