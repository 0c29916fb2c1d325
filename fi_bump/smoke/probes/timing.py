"""Time a kernel: the median of many replays of a CUDA graph whose calls read different weights."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from . import moe_case
from .moe_case import Case, Shape

if TYPE_CHECKING:
    from torch import Tensor

# The mixture of gpt-oss-20b, with its 2880 padded to a size that the scale interleave accepts.
SHAPE = Shape(64, 3072, 3072, 32, 4)
TOKENS = (1, 64)
REPLAYS = 40
# Calls per graph, over which the fixed cost of a replay is spread.
CALLS = 24
Timed = Callable[[Case, Any, "Tensor"], None]


def time_moe(layout: str, prepare: Callable[[Case, str], Any], call: Timed) -> dict[str, Any]:
    """Return the median microseconds, the bandwidth and the share of the memory roofline of each timed shape."""
    import torch

    copied = copy_bandwidth()
    found: dict[str, Any] = {"copy_gb_per_s": round(copied), "replays": REPLAYS, "calls_per_replay": CALLS}
    cache = getattr(torch.cuda.get_device_properties(0), "L2_cache_size", 0)
    # Each case has its own weights. Together they are several times the L2 cache, so they are read from memory.
    largest = [moe_case.make(SHAPE, gpt_oss=True, seed=seed) for seed in range(4)]
    prepared = [prepare(case, layout) for case in largest]
    for tokens in TOKENS:
        cases = [case.first(tokens) for case in largest]
        shape = cases[0].shape
        output = torch.empty_like(cases[0].x)
        actions = [partial(call, case, ready, output) for case, ready in zip(cases, prepared, strict=True)]
        with autotuned() as tuned:
            actions[0]()
        with chosen_tactics() as tactics:
            actions[0]()
        median = graph_time(actions)
        read = [int(case.experts.unique().numel()) * bytes_of_an_expert(shape) for case in cases]
        speed = statistics.mean(read) / median / 1e3
        found[shape.name] = {
            "median_us": round(median, 1),
            "gb_per_s": round(speed),
            "roofline_share": round(speed / copied, 3),
            "read_megabytes": round(statistics.mean(read) / 1e6, 1),
            "rotated_caches": round(sum(read) / cache, 1) if cache else None,
            "autotuned": tuned,
            "tactics": tactics,
        }
        print(f"{layout} {shape.name}: {found[shape.name]}", flush=True)
    return found


def bytes_of_an_expert(shape: Shape) -> int:
    """Return the bytes of one expert's packed weights and scales."""
    values = 3 * shape.inner * shape.hidden
    return values // 2 + values // 32


def graph_time(actions: Sequence[Callable[[], object]]) -> float:
    """Return the median microseconds of one call. The actions are repeated in turn in a graph, which is replayed."""
    import torch

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for action in actions:
            action()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for action in islice(cycle(actions), CALLS):
            action()
    graph.replay()
    return statistics.median(elapsed(graph.replay) for _ in range(REPLAYS)) / CALLS


def elapsed(action: Callable[[], object]) -> float:
    """Return the microseconds between two CUDA events around an action."""
    import torch

    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    action()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end) * 1e3)


def copy_bandwidth() -> float:
    """Return the gigabytes per second that a copy in GPU memory reads and writes together."""
    import torch

    source = torch.zeros(1 << 30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    micros = min(elapsed(lambda: target.copy_(source)) for _ in range(10))
    return float(2 * source.numel() / micros / 1e3)


@contextlib.contextmanager
def autotuned() -> Iterator[bool]:
    """Run a block with FlashInfer's autotuner; yield whether the release has it."""
    try:
        from flashinfer.autotuner import autotune
    except ImportError:
        yield False
        return
    with autotune(True):
        yield True


@contextlib.contextmanager
def chosen_tactics() -> Iterator[dict[str, Any]]:
    """Record the autotuner's tactic for each operation that runs in a block; -1 means not tuned."""
    noted: dict[str, Any] = {}
    try:
        from flashinfer.autotuner import AutoTuner
    except ImportError:
        yield noted
        return
    tuner = AutoTuner.get()
    choose = tuner.choose_one

    def choose_one(operation: str, *arguments: Any, **named: Any) -> Any:
        runner, tactic = choose(operation, *arguments, **named)
        # A tactic is a number, or any object in later releases; one that JSON does not have is recorded as text.
        noted[operation] = tactic if isinstance(tactic, (int, str)) else repr(tactic)
        return runner, tactic

    tuner.choose_one = choose_one
    try:
        yield noted
    finally:
        del tuner.choose_one
