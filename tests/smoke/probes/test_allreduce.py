"""The probe of the fused all-reduce over a modelled wheel, and how its ranks are started. Needs torch, no GPU."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, which is no dependency of fi-bump")

from fi_bump.smoke.probes import allreduce_case, allreduce_fusion, allreduce_rank, jit  # noqa: E402  # after torch
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult  # noqa: E402  # after torch is there

REQUEST = ProbeRequest("allreduce-fusion", "flashinfer", "0.7.2.post1", {"flashinfer-python": None})


def test_the_reference_is_the_norm_of_the_sum() -> None:
    case = allreduce_case.make(2, 3, 0, "cpu", hidden=8)
    total, norm = case.expected()
    for token in range(3):
        added = [sum(float(rank[token, place]) for rank in case.inputs) for place in range(8)]
        added = [value + float(case.residual[token, place]) for place, value in enumerate(added)]
        root = (sum(value * value for value in added) / 8 + 1e-6) ** 0.5
        assert torch.allclose(total[token], torch.tensor(added), atol=1e-5)
        wanted = [value / root * float(case.gamma[place]) for place, value in enumerate(added)]
        assert torch.allclose(norm[token], torch.tensor(wanted), atol=1e-5)


class Wheel:
    """FlashInfer's module `comm` for one member. The inputs of the other are looked up by the own ones."""

    AllReduceFusionPattern = types.SimpleNamespace(kARResidualRMSNorm=1)

    def __init__(self, defect: str = "") -> None:
        self.defect = defect
        self.made: list[Any] = []
        self.kept: tuple[Any, Any] | None = None

    def create_allreduce_fusion_workspace(self, *, backend: str, group: Any, **named: Any) -> Any:
        assert (backend, group) == ("trtllm", "group")
        assert named["world_size"] == 2
        return types.SimpleNamespace(backend=backend, rank=named["rank"])

    def allreduce_fusion(self, *, workspace: Any, pattern: int, use_oneshot: bool | None, **named: Any) -> None:
        mine = named["input"]
        assert pattern == 1
        assert use_oneshot is not False or len(mine) > 2
        assert use_oneshot is not True or len(mine) <= 128
        cases = [allreduce_case.make(2, len(mine), seed, "cpu") for seed in range(4)]
        other = next(case.inputs for case in cases if torch.equal(case.inputs[workspace.rank], mine))
        case = allreduce_case.AllReduceCase(other, named["residual_in"], named["rms_gamma"])
        if self.defect == "no exchange":
            case = case._replace(inputs=mine[None])
        if self.defect == "counted twice":
            case = case._replace(inputs=torch.stack([mine, *other]))
        if self.defect == "no residual":
            case = case._replace(residual=torch.zeros_like(case.residual))
        if self.defect == "no weights":
            case = case._replace(gamma=torch.ones_like(case.gamma))
        total, norm = case.expected()
        if self.defect == "stale":
            self.kept = self.kept or (total, norm)
            total, norm = self.kept if self.kept[0].shape == total.shape else (total, norm)
        named["residual_out"].copy_(total)
        if self.defect != "unwritten":
            named["norm_out"].copy_(norm)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few and narrow tokens, and calls in place of captured graphs."""
    made = allreduce_case.make
    monkeypatch.setattr(
        allreduce_case, "make", lambda ranks, tokens, seed, device: made(ranks, tokens, seed, device, 64)
    )
    monkeypatch.setattr(allreduce_rank, "TOKENS", (1, 16, 130))
    monkeypatch.setattr(allreduce_rank, "ROUNDS", 4)
    monkeypatch.setattr(allreduce_rank, "captured", lambda body, calls=1: body)


def troubles(defect: str, member: int, cases: dict[str, Any]) -> list[str]:
    """Judge the modelled wheel as one member."""
    return allreduce_rank.judged(allreduce_rank.Kernel(Wheel(defect), "group", member, "cpu"), cases)


@pytest.mark.parametrize("member", [0, 1])
def test_a_right_wheel(small: None, member: int) -> None:
    cases: dict[str, Any] = {}
    assert troubles("", member, cases) == []
    assert list(cases) == [
        "1 tokens, as the wheel chooses",
        "1 tokens, one exchange",
        "16 tokens, as the wheel chooses",
        "16 tokens, one exchange",
        "130 tokens, as the wheel chooses",
        "130 tokens, two exchanges",
    ]
    for entry in cases.values():
        assert 0 < entry["worst_token"] == max(entry["called"], entry["captured"]) < 0.004


@pytest.mark.parametrize(
    ("defect", "reason"),
    [
        ("no exchange", "1 tokens, as the wheel chooses, called: the worst token is off by "),
        ("counted twice", "1 tokens, as the wheel chooses, called: the worst token is off by "),
        ("no residual", "1 tokens, as the wheel chooses, called: the worst token is off by "),
        ("no weights", "1 tokens, as the wheel chooses, called: the worst token is off by "),
        ("stale", "1 tokens, as the wheel chooses, called: the worst token is off by "),
        ("unwritten", "1 tokens, as the wheel chooses, called: the worst token has elements that are no number"),
    ],
)
def test_a_defect_is_red(small: None, defect: str, reason: str) -> None:
    found = troubles(defect, 0, {})
    assert found[0].startswith(reason)


def test_a_replay_that_keeps_the_first_inputs_is_red(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def frozen(body: Callable[[], None], calls: int = 1) -> Callable[[], object]:
        body()
        return lambda: None

    monkeypatch.setattr(allreduce_rank, "captured", frozen)
    cases: dict[str, Any] = {}
    found = troubles("", 0, cases)
    assert len(found) == len(cases)
    assert all(", captured: the worst token has elements that are no number" in each for each in found)


GOOD = ProbeResult(
    "pass",
    None,
    {"rank": 0, "backend": "trtllm", "cases": {"1 tokens": {"worst_token": 0.003}}, "timing": {"1 tokens": 9}},
)


@pytest.mark.parametrize(
    ("results", "outcome", "reason", "worst"),
    [
        ([ProbeResult("pass"), GOOD, GOOD], "pass", None, 0.003),
        ([ProbeResult("pass"), GOOD, "did not end"], "fail", "rank 2 did not end", 0.003),
        ([ProbeResult("pass"), GOOD, ProbeResult("fail", "x is off")], "fail", "rank 2: x is off", 0.003),
        (["ended with -9", "ended with 1", "ended with 1"], "fail", "rank 0 ended with -9; rank 1 ended", None),
    ],
)
def test_the_verdict(results: list[Any], outcome: str, reason: str | None, worst: float | None) -> None:
    result = allreduce_fusion.verdict(results, {})
    assert result.outcome == outcome
    assert reason is None if result.reason is None else result.reason.startswith(str(reason))
    assert result.metrics["worst_token"] == worst


PROGRAM = """\
import json, os, sys
rank = int(os.environ["FI_BUMP_PROBE_RANK"])
assert os.environ["TORCH_SYMM_MEM_DISABLE_MULTICAST"] == "1"
assert json.load(open(sys.argv[-2]))["probe"] == "allreduce-fusion"
if rank == {dies}:
    sys.exit(3)
json.dump({{"outcome": "pass", "metrics": {{"meeting": os.environ["FI_BUMP_PROBE_MEETING"]}}}}, open(sys.argv[-1], "w"))
"""


@pytest.mark.parametrize(("dies", "last"), [(9, None), (2, "ended with 3 and without a result")])
def test_the_ranks_are_started_as_the_probe_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: int, last: str | None
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(dies=dies))
    monkeypatch.setattr(sys, "orig_argv", ["python", str(program), "request", "result"])
    results = allreduce_fusion._ranks(REQUEST, tmp_path)
    meetings = {each.metrics["meeting"] for each in results if isinstance(each, ProbeResult)}
    assert meetings == {str(tmp_path / "meeting")}
    assert [each for each in results if isinstance(each, str)] == ([] if last is None else [last])


def test_a_rank_that_waits_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(sys, "orig_argv", ["python", str(program), "request", "result"])
    monkeypatch.setattr(allreduce_fusion, "SECONDS", 0.2)
    assert allreduce_fusion._ranks(REQUEST, tmp_path) == ["did not end: it waited for another rank, or hung"] * 3


@pytest.mark.parametrize(
    ("available", "count", "reason"),
    [
        (False, 0, "torch finds no GPU"),
        (True, 1, "two GPUs are needed, and this process sees 1"),
        (True, 2, "this release does not make the workspace for a sub-group"),
    ],
)
def test_where_it_does_not_run(monkeypatch: pytest.MonkeyPatch, available: bool, count: int, reason: str) -> None:
    old = types.ModuleType("flashinfer.comm")
    old.create_allreduce_fusion_workspace = lambda backend, world_size: None  # type: ignore[attr-defined]  # a model
    monkeypatch.setitem(sys.modules, "flashinfer", types.ModuleType("flashinfer"))
    monkeypatch.setitem(sys.modules, "flashinfer.comm", old)
    monkeypatch.setattr(jit, "prepare", lambda *_: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    result = allreduce_fusion.run(REQUEST)
    assert (result.outcome, result.reason) == ("not-run", reason)
