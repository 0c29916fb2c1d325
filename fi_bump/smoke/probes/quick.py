"""The scope `quick`: compile one kernel per schedule, and tell FlashInfer which tactics exist.

A verdict on the layout and the results needs one correct kernel for each product. From the wheel's own generated
sources the scope compiles the smallest tile of every schedule, and the kernel that the wheel asks for the size of its
workspace. Every other kernel becomes a trap, which raises. Times are not measured, because small kernels are slow.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from .instantiations import Instantiation, fits, instantiations, keep, named_tiles, smallest

# A part of the message of every trap (`jit.trap_source`).
TRAPPED = "is not compiled with --jit"
_FP4 = re.compile(r"fp4(?:_e2m1|type)?\b", re.IGNORECASE)
_INCLUDE = re.compile(r'^(\s*#\s*include\s*)"([^"]+)"', re.MULTILINE)


class NoQuickWay(Exception):
    """The wheel's sources do not have the structure that this scope relies on. The message says what is missing."""


def sources(reached: Sequence[Path], folder: Path) -> list[Path]:
    """Return the sources to compile: reduced copies in `folder`, and the sources that need no reduction.

    `reached` are the sources of the scope `path`. Raises NoQuickWay if they do not have the expected structure.
    """
    generated = [source for source in reached if ".generated." in source.name]
    written = [source for source in reached if ".generated." not in source.name]
    chosen = _chosen_launchers(generated, written)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, (source, launcher) in enumerate(chosen):
        text, _ = keep(source.read_text(), functools.partial(_is_same, launcher))
        made.append(_written(folder / f"kernel_{number}.cu", text, source))
    return made + [_without_other_types(source, folder) for source in written]


def _chosen_launchers(generated: list[Path], written: list[Path]) -> list[tuple[Path, Instantiation]]:
    launchers = {
        each: source
        for source in generated
        for each in instantiations(source.read_text())
        if is_bf16_fp4(each) and len(each.shapes) == 2
    }
    if not launchers:
        raise NoQuickWay("no launcher of BF16 with FP4 is instantiated with a tile and a cluster")
    folders = {source.parent for source in written}
    names = {each.template for each in launchers}
    headers = [path.read_text(errors="replace") for folder in sorted(folders) for path in sorted(folder.glob("*.h"))]
    tiles = [tile for text in headers for name in sorted(names) for tile in named_tiles(text, name)]
    sized = [each for each in launchers for tile in tiles if fits(each, tile)]
    if not sized:
        raise NoQuickWay("no header says which kernel sizes the workspace")
    chosen = dict.fromkeys([*smallest(launchers), *sized])
    return [(launchers[each], each) for each in chosen]


def _is_same(one: Instantiation, other: Instantiation) -> bool:
    return (one.template, one.arguments) == (other.template, other.arguments)


def is_bf16_fp4(each: Instantiation) -> bool:
    """Return whether an instantiation is for BF16 activations with FP4 weights, whose type has several names."""
    first, second = (*each.arguments, "", "")[:2]
    return first == "__nv_bfloat16" and _FP4.search(second) is not None


def _without_other_types(source: Path, folder: Path) -> Path:
    """Return a copy without the instantiations for other types, or the source itself if it has none of them."""
    text = source.read_text(errors="replace")
    found = instantiations(text)
    if all(map(is_bf16_fp4, found)) or not any(map(is_bf16_fp4, found)):
        return source
    return _written(folder / source.name, keep(text, is_bf16_fp4)[0], source)


def _written(path: Path, text: str, source: Path) -> Path:
    """Write a copy whose includes still find the files in the source's folder."""

    def absolute(match: re.Match[str]) -> str:
        file = source.parent / match[2]
        return f'{match[1]}"{file}"' if file.exists() else match[0]

    path.write_text(_INCLUDE.sub(absolute, text))
    return path


def take_present_tactics(call: Callable[[], object]) -> tuple[Any, ...]:
    """Make FlashInfer use tactics whose kernels are compiled, for the rest of the process; return these tactics.

    `call` runs both products once, at a size that every kernel accepts. It tries the wheel's list of tactics in order;
    a kernel that is not compiled raises before anything is launched. The first tactics that work are then used for
    every size, because the wheel lists its shallowest tiles first, which accept every depth. Raises NoQuickWay if no
    tactic in the list has its kernels.
    """
    try:
        from flashinfer.autotuner import AutoTuner
    except ImportError:
        raise NoQuickWay("this FlashInfer has no autotuner, so it cannot be told which kernels exist") from None
    listed: dict[str, list[Any]] = {}
    taken: dict[str, Any] = {}

    def choose_one(operation: str, runners: Any, config: Any, inputs: Any, **named: Any) -> Any:
        if operation not in listed:
            listed[operation] = list(runners[0].get_valid_tactics(inputs, None))
        return runners[0], taken.get(operation, listed[operation][0])

    AutoTuner.get().choose_one = choose_one
    return _first_compiled(call, listed, taken)


def _first_compiled(call: Callable[[], object], listed: dict[str, list[Any]], taken: dict[str, Any]) -> tuple[Any, ...]:
    """Return the first combination of tactics with which `call` meets no trap."""
    _is_trapped(call)  # it asks for every product's list: both tactics are chosen before the first product runs
    together = list(zip(*listed.values(), strict=False))
    # Both products usually have the same kernels in the same order, so try equal positions first, then every pair.
    for combination in [*together, *product(*listed.values())]:
        taken.update(zip(listed, combination, strict=True))
        if not _is_trapped(call):
            return combination
    raise NoQuickWay("no tactic that the wheel lists has its kernels compiled")


def _is_trapped(call: Callable[[], object]) -> bool:
    """Return whether the call met a kernel that is not compiled. Any other error is raised."""
    try:
        call()
    except Exception as error:
        if TRAPPED in str(error):
            return True
        raise
    return False
