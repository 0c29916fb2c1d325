"""Tests of timing without a GPU: the bytes, the rotation of weights, and the tactics. They need torch but no GPU."""

from __future__ import annotations

import contextlib
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, on which fi-bump does not depend")

from fi_bump.smoke.probes import moe_case, timing  # noqa: E402  # after torch is known to be there
from fi_bump.smoke.probes.moe_case import Shape  # noqa: E402  # after torch is known to be there


class Tuner:
    """A fake of FlashInfer's autotuner, which is used through its only instance."""

    tuning = False

    @classmethod
    def get(cls) -> Any:
        return INSTANCE

    def choose_one(self, operation: str, runners: list[str], *, gemm_idx: int) -> tuple[str, Any]:
        return runners[0], 10 * gemm_idx if gemm_idx < 9 else (128, 64)


INSTANCE = Tuner()


@pytest.fixture
def tuner(monkeypatch: pytest.MonkeyPatch) -> Tuner:
    """The module of a release with an autotuner."""

    @contextlib.contextmanager
    def autotune(mode: bool) -> Iterator[None]:
        monkeypatch.setattr(INSTANCE, "tuning", mode)
        yield
        monkeypatch.setattr(INSTANCE, "tuning", False)

    monkeypatch.setitem(sys.modules, "flashinfer", types.ModuleType("flashinfer"))
    module = types.SimpleNamespace(AutoTuner=Tuner, autotune=autotune)
    monkeypatch.setitem(sys.modules, "flashinfer.autotuner", module)
    return INSTANCE


def test_the_tactic_that_runs_is_noted(tuner: Tuner) -> None:
    with timing.chosen_tactics() as noted:
        assert tuner.choose_one("gemm1", ["runner"], gemm_idx=1) == ("runner", 10)
        assert tuner.choose_one("gemm2", ["runner"], gemm_idx=2) == ("runner", 20)
        assert tuner.choose_one("gemm9", ["runner"], gemm_idx=9) == ("runner", (128, 64))
    tuner.choose_one("gemm3", ["runner"], gemm_idx=3)
    assert noted == {"gemm1": 10, "gemm2": 20, "gemm9": "(128, 64)"}


def test_a_release_without_an_autotuner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flashinfer.autotuner", None)
    with timing.autotuned() as tuned, timing.chosen_tactics() as noted:
        assert (tuned, noted) == (False, {})


def test_bytes_of_an_expert() -> None:
    # Three matrices of 128 x 256 values, each value with half a byte, and one byte for every 32 values.
    assert timing.bytes_of_an_expert(Shape(1, 128, 256, 2, 1)) == 3 * (128 * 256 // 2 + 128 * 256 // 32)


def test_what_is_timed(tuner: Tuner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moe_case, "make", functools.partial(moe_case.make, device="cpu"))
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda device: types.SimpleNamespace(L2_cache_size=100_000)
    )
    monkeypatch.setattr(timing, "SHAPE", Shape(8, 128, 128, 4, 2))
    monkeypatch.setattr(timing, "TOKENS", (1, 8))
    monkeypatch.setattr(timing, "copy_bandwidth", lambda: 4000.4)
    rotated: list[int] = []

    def graph_time(actions: Any) -> float:
        rotated.append(len({each.args[0].w1.data_ptr() for each in actions}))
        return 20.0

    monkeypatch.setattr(timing, "graph_time", graph_time)
    calls: list[tuple[int, bool]] = []

    def call(case: moe_case.Case, prepared: str, output: Any) -> None:
        assert prepared == "legacy"
        assert output.shape == case.x.shape
        calls.append((case.shape.tokens, tuner.tuning))
        INSTANCE.choose_one("gemm1", ["runner"], gemm_idx=1)

    found = timing.time_moe("legacy", lambda case, layout: layout, call)
    assert calls == [(1, True), (1, False), (8, True), (8, False)]
    assert rotated == [4, 4]
    assert {name: found[name] for name in ("copy_gb_per_s", "replays", "calls_per_replay")} == {
        "copy_gb_per_s": 4000,
        "replays": 40,
        "calls_per_replay": 24,
    }
    # In each of the four cases one token reads two experts of 26,112 bytes.
    assert found["1x128x128, 2 of 4"] == {
        "median_us": 20.0,
        "gb_per_s": 3,
        "roofline_share": 0.001,
        "read_megabytes": 0.1,
        "rotated_caches": 2.1,
        "autotuned": True,
        "tactics": {"gemm1": 10},
    }


class Card:
    """Fake streams, graphs and events of a GPU on which every action takes a given number of microseconds."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.captured: list[float] | None = None
        self.replays = 0

    def action(self, micros: float) -> None:
        if self.captured is not None:
            self.captured.append(micros)
        self.clock += micros

    def install(self, patch: pytest.MonkeyPatch) -> None:
        stream = types.SimpleNamespace(wait_stream=lambda other: None)
        patch.setattr(torch.cuda, "Stream", lambda: stream)
        patch.setattr(torch.cuda, "current_stream", lambda: stream)
        patch.setattr(torch.cuda, "stream", lambda each: contextlib.nullcontext())
        patch.setattr(torch.cuda, "CUDAGraph", lambda: types.SimpleNamespace(replay=self.replay))
        patch.setattr(torch.cuda, "graph", self.capture)
        patch.setattr(torch.cuda, "Event", lambda enable_timing: Event(self))

    @contextlib.contextmanager
    def capture(self, graph: Any) -> Iterator[None]:
        self.captured, self.kept = [], []
        yield
        self.kept, self.captured = self.captured, None

    def replay(self) -> None:
        # Every third replay is disturbed for a long time, which does not change the median.
        self.replays += 1
        self.clock += sum(self.kept) + (0 if self.replays % 3 else 1e6)


class Event:
    """A time on the GPU; the difference of two is in milliseconds."""

    def __init__(self, card: Card) -> None:
        self.card, self.time = card, 0.0

    def record(self) -> None:
        self.time = self.card.clock

    def synchronize(self) -> None: ...

    def elapsed_time(self, other: Event) -> float:
        return (other.time - self.time) / 1e3


def test_a_graph_goes_round_the_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    card.install(monkeypatch)
    micros = timing.graph_time([functools.partial(card.action, each) for each in (10.0, 20.0, 30.0)])
    assert card.kept == [10.0, 20.0, 30.0] * 8
    assert card.replays == 41
    assert micros == pytest.approx(20.0)


def test_copy_bandwidth(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    card.install(monkeypatch)
    buffer = types.SimpleNamespace(numel=lambda: 1 << 30)
    target = types.SimpleNamespace(copy_=lambda source: card.action(500.0))
    monkeypatch.setattr(torch, "zeros", lambda *_, **__: buffer)
    monkeypatch.setattr(torch, "empty_like", lambda each: target)
    # 1 GiB is read and written, so 2 GiB in half a millisecond.
    assert timing.copy_bandwidth() == pytest.approx(4294.967296)


@pytest.mark.gpu
def test_a_graph_on_a_gpu() -> None:
    values = [torch.ones(1 << 20, device="cuda") for _ in range(3)]
    micros = timing.graph_time([functools.partial(torch.neg, value, out=value) for value in values])
    assert 0 < micros < 1000
    assert timing.copy_bandwidth() > 100
