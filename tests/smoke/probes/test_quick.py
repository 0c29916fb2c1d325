"""Tests of the scope `quick`: which sources it compiles, and how it tells FlashInfer which kernels exist."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke.probes import quick
from fi_bump.smoke.probes.instantiations import instantiations
from tests.smoke.probes.test_instantiations import HEADER, launcher

RUNNERS = (
    '#include "kernels.cuh"\n#include <vector>\n#include "elsewhere.h"\n'
    "template class Runner<float, float>;\ntemplate class Runner<__nv_bfloat16, Fp4Type>;\n"
    "template class Runner<__nv_fp8_e4m3, Fp4Type, half>;\n"
)
GENERATED = [launcher((64, 16, 128)), launcher((64, 16, 256)), launcher((128, 64, 256), schedule="Cooperative")]


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[..., list[Path]]:
    """The sources of the scope `path`."""

    def made(header: str = HEADER, generated: list[str] = GENERATED) -> list[Path]:
        files = {
            "moe_gemm/moe_gemm_kernels_bf16_fp4.cu": "template class MoeGemmRunner<__nv_bfloat16, Fp4Type>;\n",
            "moe_gemm/dispatch.h": header,
            "backend/instantiation.cu": RUNNERS,
            "backend/kernels.cuh": "",
            "backend/logger.cpp": "int x;\n",
            "generated/a.generated.cu": "\n".join(["// first", *generated]),
        }
        for name, text in files.items():
            path = tmp_path / "wheel" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return [tmp_path / "wheel" / name for name in files if name.endswith((".cu", ".cpp"))]

    return made


def test_what_is_compiled(wheel: Callable[..., list[Path]], tmp_path: Path) -> None:
    reached = wheel()
    found = quick.sources(reached, tmp_path / "quick")
    assert [path.name for path in found] == [
        "kernel_0.cu",
        "kernel_1.cu",
        "moe_gemm_kernels_bf16_fp4.cu",
        "instantiation.cu",
        "logger.cpp",
    ]
    tiles = [each.shapes[0] for path in found[:2] for each in instantiations(path.read_text())]
    # The smallest tile of a schedule, and the tile for the size of the workspace, the smallest of another schedule.
    assert tiles == [(64, 16, 128), (128, 64, 256)]
    assert found[2] == reached[0]
    assert found[3].read_text() == (
        f'#include "{tmp_path}/wheel/backend/kernels.cuh"\n#include <vector>\n#include "elsewhere.h"\n'
        "\ntemplate class Runner<__nv_bfloat16, Fp4Type>;\n\n"
    )
    assert found[4] == reached[2]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"header": ""}, "no header says which kernel sizes the workspace"),
        ({"generated": []}, "no launcher of BF16 with FP4 is instantiated with a tile and a cluster"),
        (
            {"generated": [launcher((64, 16, 128)).replace("SafeFP4", "uint8_t")]},
            "no launcher of BF16 with FP4 is instantiated with a tile and a cluster",
        ),
    ],
    ids=["no workspace", "no kernels", "kernels of other types"],
)
def test_a_wheel_that_is_written_otherwise(
    wheel: Callable[..., list[Path]], tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(quick.NoQuickWay) as caught:
        quick.sources(wheel(**changed), tmp_path / "quick")
    assert str(caught.value) == reason


class Tuner:
    """A fake of FlashInfer's autotuner, which returns the untuned tactic."""

    def choose_one(self, operation: str, runners: Any, config: Any, inputs: Any, **named: Any) -> Any:
        return runners[0], -1


class Kernels:
    """Two products with given lists of tactics and of compiled tactics."""

    def __init__(self, listed: tuple[list[int], list[int]], there: tuple[set[int], set[int]]) -> None:
        self.listed, self.there = listed, there
        self.tuner = Tuner()
        self.ran: list[tuple[int, int]] = []
        self.broken = False

    def __call__(self) -> None:
        chosen = []
        for number, operation in enumerate(("gemm1", "gemm2")):
            runner = types.SimpleNamespace(get_valid_tactics=lambda inputs, profile, own=number: self.listed[own])
            chosen.append(self.tuner.choose_one(operation, [runner], None, [], gemm_idx=number + 1)[1])
        if self.broken:
            raise RuntimeError("CUDA error: out of memory")
        for tactic, there in zip(chosen, self.there, strict=True):
            if tactic not in there:
                raise RuntimeError(f"_ZN8launcherEv {quick.TRAPPED} quick or path")
        self.ran.append((chosen[0], chosen[1]))


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kernels]:
    """Put fake kernels behind FlashInfer's autotuner."""

    def made(listed: tuple[list[int], list[int]], there: tuple[set[int], set[int]]) -> Kernels:
        found = Kernels(listed, there)
        module = types.SimpleNamespace(AutoTuner=types.SimpleNamespace(get=lambda: found.tuner))
        monkeypatch.setitem(sys.modules, "flashinfer", types.ModuleType("flashinfer"))
        monkeypatch.setitem(sys.modules, "flashinfer.autotuner", module)
        return found

    return made


@pytest.mark.parametrize(
    ("there", "taken"),
    [(({0}, {10}), (0, 10)), (({2}, {12}), (2, 12)), (({1}, {10}), (1, 10)), (({0, 2}, {11}), (0, 11))],
    ids=["the first", "side by side", "crosswise", "only crosswise"],
)
def test_the_first_tactics_that_are_compiled_are_taken(
    kernels: Callable[..., Kernels], there: tuple[set[int], set[int]], taken: tuple[int, int]
) -> None:
    found = kernels(([0, 1, 2], [10, 11, 12]), there)
    assert quick.take_present_tactics(found) == taken
    found()
    assert found.ran == [taken, taken] or found.ran == [taken] * 3


def test_no_tactic_is_compiled(kernels: Callable[..., Kernels]) -> None:
    with pytest.raises(quick.NoQuickWay, match="no tactic that the wheel lists has its kernels compiled"):
        quick.take_present_tactics(kernels(([0, 1], [10, 11]), (set(), {10})))


def test_another_error_is_not_a_missing_kernel(kernels: Callable[..., Kernels]) -> None:
    found = kernels(([0], [10]), ({0}, {10}))
    found.broken = True
    with pytest.raises(RuntimeError, match="out of memory"):
        quick.take_present_tactics(found)


def test_a_release_without_an_autotuner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flashinfer", types.ModuleType("flashinfer"))
    monkeypatch.setitem(sys.modules, "flashinfer.autotuner", None)
    with pytest.raises(quick.NoQuickWay, match="has no autotuner"):
        quick.take_present_tactics(lambda: None)
