"""How fast a kernel is: the median of many replays of a CUDA graph, its inputs changing so that no cache helps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from . import moe_case
from .moe_case import Case, Shape

if TYPE_CHECKING:
    from torch import Tensor

# gpt-oss-20b's mixture, its 2880 padded to what the scale interleave takes.
TIMED = tuple(Shape(tokens, 3072, 3072, 32, 4) for tokens in (1, 64))
REPLAYS = 40


def time_moe(
    layout: str,
    prepare: Callable[[Case, str], Any],
    call: Callable[[Case, Any, Tensor], None],
) -> dict[str, Any]:
    """Microseconds, bandwidth and share of the memory roofline of each timed shape."""
    import torch

    copied = copy_bandwidth()
    found: dict[str, Any] = {"copy_gb_per_s": round(copied), "replays": REPLAYS}
    for shape in TIMED:
        cases = [moe_case.make(shape, gpt_oss=True, seed=seed) for seed in range(3)]
        prepared = [prepare(case, layout) for case in cases]
        output = torch.empty_like(cases[0].x)
        with autotuned() as tuned:
            call(cases[0], prepared[0], output)
        micros = [_graph_time(partial(call, case, ready, output)) for case, ready in zip(cases, prepared, strict=True)]
        median = sorted(micros)[len(micros) // 2]
        used = [int(case.experts.unique().numel()) for case in cases]
        moved = sum(used) / len(used) * _bytes_of_an_expert(shape)
        found[shape.name] = {
            "median_us": round(median, 1),
            "experts_used": round(sum(used) / len(used), 1),
            "gb_per_s": round(moved / median / 1e3),
            "roofline_share": round(moved / median / 1e3 / copied, 3),
            "autotuned": tuned,
            "tactics": tactics(),
        }
    return found


def _bytes_of_an_expert(shape: Shape) -> int:
    """Packed weights and scales of both products."""
    values = 3 * shape.inner * shape.hidden
    return values // 2 + values // 32


def _graph_time(action: Callable[[], None]) -> float:
    """Median microseconds of a replay, over several rounds that share a graph."""
    import torch

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            action()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        action()
    # Twice the second-level cache, written before every replay: weights come from memory as in a real model.
    flush = torch.empty(128 << 20, dtype=torch.uint8, device="cuda")
    times: list[float] = []
    for _ in range(REPLAYS):
        flush.zero_()
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3)
    return sorted(times)[len(times) // 2]


def copy_bandwidth() -> float:
    """Gigabytes a second that a copy inside the card reads and writes together."""
    import torch

    source = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    times: list[float] = []
    for _ in range(10):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        target.copy_(source)
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return float(2 * source.numel() / min(times) / 1e6)


@contextlib.contextmanager
def autotuned() -> Iterator[bool]:
    """FlashInfer's autotuner, where the release has it."""
    try:
        from flashinfer.autotuner import autotune
    except ImportError:
        yield False
        return
    with autotune(True):
        yield True


def tactics() -> dict[str, int]:
    """Which tactic the autotuner chose for each product, as it names them; empty where it does not say."""
    try:
        from flashinfer.autotuner import AutoTuner

        cache = AutoTuner.get().profiling_cache
    except (ImportError, AttributeError):
        return {}
    # A key names the operation first, a value holds the runner and the tactic first; the last of each is what ran.
    return {str(key[0]).rpartition("::")[2]: int(value[1]) for key, value in cache.items() if key and len(value) > 1}
