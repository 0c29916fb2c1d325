"""The soak of the mixture over a modelled kernel: right ones, and ones that go wrong later. Needs torch, no GPU."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, which is no dependency of fi-bump")

from fi_bump.smoke.probes import moe_case, moe_soak, mxfp4_sm90  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.moe_case import Case, Shape  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.moe_soak import Hung, Replayed  # noqa: E402  # after torch is there
from fi_bump.smoke.probes.protocol import ProbeRequest  # noqa: E402  # after torch is there
from tests.smoke.probes.test_mxfp4 import answer  # noqa: E402  # after torch is there

REQUEST = ProbeRequest("moe-soak", "flashinfer", "0.7.2.post1", {"flashinfer-python": None})
MAKE = moe_case.make


class Event:
    """An event of a stream that has done its work, or never does."""

    def __init__(self, comes: bool) -> None:
        self.query = lambda: comes


class Kernel:
    """The mixture of a case, computed once; between two of its calls, a defect changes what it writes."""

    def __init__(self, defect: str = "", begins: int = 0, ends: float = math.inf) -> None:
        self.defect, self.begins, self.ends, self.calls = defect, begins, ends, 0
        self.right: dict[int, Any] = {}

    def __call__(self, case: Case, prepared: Any, output: Any) -> None:
        tokens = case.shape.tokens
        if tokens not in self.right:
            self.right[tokens] = answer(case)
        output.copy_(self.right[tokens])
        self.calls += 1
        if self.defect and self.begins < self.calls <= self.ends:
            {
                "a row unwritten": lambda: output[-1].fill_(math.nan),
                "a row doubled": lambda: output[0].mul_(2),
                "a bit changed": lambda: output.view(torch.int16)[0, 0].bitwise_xor_(1),
                "drifts": lambda: output.mul_(1 + 0.001 * (self.calls - self.begins)),
            }[self.defect]()


Soak = Callable[..., Any]


@pytest.fixture
def soak(monkeypatch: pytest.MonkeyPatch) -> Soak:
    """Run the probe over a kernel on the CPU; a captured call is the call."""

    def judged(kernel: Kernel, comes: bool = True) -> Any:
        monkeypatch.setattr(mxfp4_sm90, "elsewhere", lambda: None)
        monkeypatch.setattr(mxfp4_sm90, "compiled", lambda request, metrics: None)
        monkeypatch.setattr(mxfp4_sm90, "find_layout", lambda: ("legacy", {"legacy": 0.004}))
        monkeypatch.setattr(mxfp4_sm90, "prepare", lambda case, layout: None)
        monkeypatch.setattr(mxfp4_sm90, "call", kernel)
        monkeypatch.setattr(moe_case, "make", lambda shape, gpt_oss: MAKE(shape, gpt_oss=gpt_oss, device="cpu"))
        monkeypatch.setattr(moe_soak, "LARGEST", Shape(9, 128, 128, 4, 2))
        monkeypatch.setattr(moe_soak, "TOKENS", (1, 9))
        monkeypatch.setattr(moe_soak, "REPLAYS", 60)
        monkeypatch.setattr(moe_soak, "ELEMENTS", 8)
        monkeypatch.setattr(moe_soak, "SECONDS", 0.05)
        monkeypatch.setattr(moe_soak, "captured", lambda body: (body(), Replayed(body, None))[1])
        monkeypatch.setattr(moe_soak, "on", lambda stream: contextlib.nullcontext())
        monkeypatch.setattr(moe_soak, "mark", lambda stream: Event(comes))
        monkeypatch.setattr(moe_soak, "synchronize", lambda: None)
        return moe_soak.run(REQUEST)

    return judged


# The calls of one number of tokens before its first replay: the first call, and the one that captures it.
CAPTURED = 2
# Those before the first replay of three streams: the ones above, 60 replays on one stream, and one for each capture.
TOGETHER = CAPTURED + 60 + 3
# Those before the first replay beside other kernels.
BESIDE = TOGETHER + 180 + 1


def entry_of(replays: int, **found: float) -> dict[str, float]:
    """What a report has of one soak."""
    return {"replays": replays, "not_numbers": 0, "changed": 0, "drift": 0.0, **found}


def test_a_right_kernel(soak: Soak) -> None:
    result = soak(Kernel())
    assert (result.outcome, result.reason) == ("pass", None)
    assert list(result.metrics["cases"]) == ["1", "9"]
    for entry in result.metrics["cases"].values():
        assert 0.002 < entry.pop("worst_token") < 0.006
        assert entry == {"replays": 420, "alone": entry_of(60), "together": entry_of(180), "beside": entry_of(180)}
    assert (result.metrics["replays"], result.metrics["concurrent"]) == (840, "right")
    assert "notes" not in result.metrics


@pytest.mark.parametrize(
    ("defect", "reason"),
    [
        ("a row unwritten", "1 tokens: 128 elements in 60 replays were not written, or are NaN or infinite; 9 tokens"),
        ("a row doubled", "1 tokens: a token of a replay differs by 1.0000 from that of the first call, the bound"),
        ("drifts", "9 tokens: a token of a replay differs by 0."),
    ],
)
def test_a_kernel_that_goes_wrong_later_is_red(soak: Soak, defect: str, reason: str) -> None:
    # The calls that capture are right, and so is the replay before the last on one stream.
    begins = BESIDE + 180 + CAPTURED if defect == "drifts" else CAPTURED + 59
    result = soak(Kernel(defect, begins))
    assert result.outcome == "fail"
    assert str(result.reason).startswith(reason)
    assert "concurrent" not in result.metrics


def test_a_kernel_that_is_wrong_on_several_streams_passes_with_a_note(soak: Soak) -> None:
    result = soak(Kernel("a row doubled", TOGETHER, ends=TOGETHER + 1))
    assert (result.outcome, result.reason) == ("pass", None)
    assert result.metrics["concurrent"] == "wrong"
    assert result.metrics["notes"] == [
        "replays are right alone, and wrong while other kernels run at the same time: 1 tokens, 3 streams together: a "
        "token of a replay differs by 1.0000 from that of the first call, the bound is 0.01"
    ]
    # One stream then got as many replays as the three together.
    entry = result.metrics["cases"]["1"]
    assert (entry["alone"], entry["replays"]) == (entry_of(180), 60 + 180 + 180 + 180)
    assert entry["together"] == entry_of(180, changed=128, drift=1.0)


def test_a_kernel_that_is_wrong_beside_other_kernels_passes_with_a_note(soak: Soak) -> None:
    result = soak(Kernel("a row doubled", BESIDE + 100, ends=BESIDE + 101))
    assert (result.outcome, result.metrics["concurrent"]) == ("pass", "wrong")
    (note,) = result.metrics["notes"]
    assert note.partition(": ")[2].startswith("1 tokens, beside other kernels: a token of a replay differs by 1.0000")
    assert result.metrics["cases"]["1"]["together"] == entry_of(180)


def test_a_rare_fault_that_one_stream_meets_only_in_more_replays_is_red(soak: Soak) -> None:
    # It begins beside other kernels, and goes on.
    result = soak(Kernel("a row doubled", BESIDE, ends=BESIDE + 200))
    assert result.outcome == "fail"
    assert str(result.reason).startswith("1 tokens: a token of a replay differs by 1.0000 from that of the first call")
    assert "concurrent" not in result.metrics
    assert "notes" not in result.metrics


def test_a_kernel_that_is_wrong_from_the_start_is_red(soak: Soak) -> None:
    result = soak(Kernel("a row doubled"))
    assert str(result.reason).startswith("1 tokens, first call: the worst token is off by 0.99")


def test_other_bits_are_counted_and_no_failure(soak: Soak) -> None:
    # Sums in another order are not wrong.
    result = soak(Kernel("a bit changed", CAPTURED + 59, ends=CAPTURED + 60))
    assert (result.outcome, result.metrics["concurrent"]) == ("pass", "right")
    assert result.metrics["cases"]["1"]["alone"] == entry_of(
        60, changed=1, drift=result.metrics["cases"]["1"]["alone"]["drift"]
    )
    assert result.metrics["cases"]["9"]["alone"]["changed"] == 0


def test_a_hang_is_red_and_ends_the_soak(soak: Soak) -> None:
    result = soak(Kernel(), comes=False)
    assert (result.outcome, result.reason) == ("fail", "1 tokens: replays 1 to 50 did not end within 0.05 s")
    assert result.metrics["hung"] == "replays 1 to 50 did not end within 0.05 s"


def test_waiting_ends() -> None:
    moe_soak.wait([Event(True)], "these", seconds=0.0)
    with pytest.raises(Hung, match=r"^these did not end within 0\.01 s$"):
        moe_soak.wait([Event(True), Event(False)], "these", seconds=0.01)


def test_large_numbers_of_tokens_are_replayed_less_often() -> None:
    assert [moe_soak.replays_of(tokens) for tokens in (1, 257, 1024, 16384)] == [2000, 2000, 500, 500]


def test_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mxfp4_sm90, "elsewhere", lambda: "torch finds no GPU")
    assert moe_soak.run(REQUEST).outcome == "not-run"
