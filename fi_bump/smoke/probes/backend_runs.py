"""Run one case with every backend of an attention kernel: numbers, times, and the backend that `auto` chose.

The backends compute the same and differ in speed by a factor of four, so a release whose `auto` chooses another one is
slow without a wrong number.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from . import timing
from .fp4_scale import reason_of
from .judge import BOUND, rounded

if TYPE_CHECKING:
    from torch import Tensor

BACKENDS = ("fa2", "fa3", "auto")
# How much slower than the fastest backend `auto` may be. Measured: right choices are within 1.02, a wrong one is 2.3.
SLOWER = 1.5
REPEATS = 30


class BackendRun(NamedTuple):
    """One backend on one case: what it chose, or why it did not run, its worst error and its time."""

    chosen: str | None
    refused: str | None
    worst_token: float | None
    median_us: float | None


class Work(NamedTuple):
    """What a case asks of the hardware: the bytes that must be read, and the operations. None: not to be reported."""

    read: float | None = None
    operations: float | None = None


def elsewhere() -> str | None:
    """Return why kernels of compute capability 9.0 cannot run on this machine; None if they can."""
    import torch

    if not torch.cuda.is_available():
        return "torch finds no GPU"
    major, minor = torch.cuda.get_device_capability()
    return None if (major, minor) == (9, 0) else f"this GPU has compute capability {major}.{minor}, not 9.0"


Planned = Callable[[str], tuple[str, Callable[[], "Tensor"]]]


def runs(
    name: str,
    kernel: tuple[Any, ...],
    unbuilt: dict[tuple[Any, ...], str],
    planned: Planned,
    worst_token: Callable[[Tensor], float],
) -> Iterator[tuple[str, BackendRun]]:
    """Run a case with each backend; a backend that cannot be built for it is noted with its reason.

    `planned` returns what a backend chose and the call that an engine makes. `unbuilt` remembers the reasons by
    `kernel` and backend: the same kernel is not built in vain a second time.
    """
    for backend in BACKENDS:
        if (backend, *kernel) in unbuilt:
            yield backend, BackendRun(None, unbuilt[backend, *kernel], None, None)
            continue
        try:
            chosen, call = planned(backend)
            output = call()
            synchronize()
        except Exception as error:
            unbuilt[backend, *kernel] = reason_of(error)
            yield backend, BackendRun(None, unbuilt[backend, *kernel], None, None)
            print(f"{name}, {backend}: {reason_of(error)}", flush=True)
            continue
        found = BackendRun(chosen, None, worst_token(output), median_us(call))
        print(f"{name}, {backend}: {found}", flush=True)
        yield backend, found


def median_us(call: Callable[[], Tensor]) -> float:
    """Median microseconds of one call on the GPU, in replays of a captured graph, which the host does not slow down.

    Where a call cannot be captured, the calls follow each other without waiting for the host.
    """
    import torch

    try:
        return timing.graph_time([call])
    except Exception as error:
        print(f"timed without a graph: {reason_of(error)}", flush=True)
        torch.cuda.synchronize()

    for _ in range(5):
        call()
    events = [torch.cuda.Event(enable_timing=True) for _ in range(REPEATS + 1)]
    events[0].record()
    for event in events[1:]:
        call()
        event.record()
    torch.cuda.synchronize()
    return float(statistics.median(one.elapsed_time(other) * 1e3 for one, other in pairwise(events)))


def synchronize() -> None:
    """Wait for the GPU, so that an error of a kernel is raised here."""
    import torch

    torch.cuda.synchronize()


def matmul_peak() -> float:
    """Teraflops of a large bfloat16 matrix product on this card, which a prefill is held against."""
    import torch

    left = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    micros = min(timing.elapsed(lambda: left @ left) for _ in range(10))
    return float(2 * 8192**3 / micros / 1e6)


def worst_of(found: list[dict[str, BackendRun]]) -> float | None:
    """The worst error of all runs for the report: None without a run, and where it is NaN."""
    errors = [run.worst_token for each in found for run in each.values() if run.worst_token is not None]
    return rounded(max(errors, key=_nan_last)) if errors else None


def _nan_last(error: float) -> float:
    return error if error == error else float("inf")


def described(work: Work, found: dict[str, BackendRun], copied: float, peak: float) -> dict[str, Any]:
    """A case as the report holds it: by backend the choice, the error, the time, and the share of the hardware's."""
    return {backend: _described(work, each, copied, peak) for backend, each in found.items()}


def _described(work: Work, each: BackendRun, copied: float, peak: float) -> dict[str, Any]:
    if each.refused is not None:
        return {"not_built": each.refused}
    entry: dict[str, Any] = {"backend": each.chosen, "worst_token": rounded(each.worst_token or 0.0)}
    if each.median_us is None:
        return entry
    entry["median_us"] = round(each.median_us, 1)
    if work.read is not None:
        entry["roofline_share"] = round(work.read / each.median_us / 1e3 / copied, 3)
    if work.operations is not None:
        entry["peak_share"] = round(work.operations / each.median_us / 1e6 / peak, 3)
    return entry


def troubles_of(name: str, found: dict[str, BackendRun]) -> Iterator[str]:
    """What makes a case red: a wrong number, `auto` that does not run, or `auto` that chose a slow backend."""
    for backend, each in found.items():
        if each.worst_token is not None and not each.worst_token <= BOUND:
            yield f"{name}, {backend}: the worst token is off by {each.worst_token:.4f}, the bound is {BOUND}"
    auto = found["auto"]
    if auto.refused is not None:
        yield f"{name}: auto does not run: {auto.refused}"
        return
    times = {backend: each.median_us for backend, each in found.items() if each.median_us is not None}
    fastest = min(times, key=lambda backend: times[backend])
    # The same backend in another time is the machine's doing: another process on the GPU, for example.
    if auto.chosen != fastest and times["auto"] > SLOWER * times[fastest]:
        ratio = times["auto"] / times[fastest]
        yield f"{name}: auto chose {auto.chosen}, which takes {ratio:.1f} times as long as {fastest}"
