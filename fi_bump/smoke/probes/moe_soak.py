"""`moe-soak`: replay captured mixtures of experts thousands of times, and look for any change.

Engines capture a step once and replay it for days. A kernel that loses a barrier now and then, or that leaves a row
unwritten at some number of tokens, is right once and wrong later. The probe replays the fused MoE with MXFP4 weights of
compute capability 9.0, which `mxfp4-sm90-interleave` compiles too.

The replays on one stream, with nothing beside them, decide the verdict. Then several streams replay together, and one
stream replays beside other kernels. What goes wrong only there is a note: it concerns an engine that overlaps its work.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import jit, moe_case, mxfp4_sm90
from .backend_runs import synchronize
from .judge import BOUND, TINY, compare, rounded
from .moe_case import Case, Shape
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = Shape(16384, 1024, 1024, 32, 4)
# A single token, the edges of tiles of 8, 64, 128 and 256 tokens, and prefills up to 16 k.
TOKENS = (1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1024, 4097, 16384)
# The streams that replay together, after one stream alone.
STREAMS = 3
# The elements of the tensor that another stream changes beside the replays: 16 MiB, so that each kernel fills the GPU.
ELEMENTS = 1 << 22
# Replays on each stream; a large prefill takes milliseconds.
REPLAYS, LARGE_REPLAYS, LARGE = 2000, 500, 1024
# The replays that are awaited together, and the seconds that they may take. They take less than one.
TOGETHER, SECONDS = 50, 30.0


class Hung(Exception):
    """Replays that did not end. The message says which."""


class Soaked(NamedTuple):
    """What all replays of one number of tokens have found together.

    `not_numbers` counts elements that were NaN or infinite, `changed` those that differed from the first call's, and
    `drift` is the worst relative difference of a token from the first call's.
    """

    replays: int
    not_numbers: int
    changed: int
    drift: float

    @property
    def reason(self) -> str | None:
        """Why the replays are wrong; None if they are right."""
        if self.not_numbers:
            return f"{self.not_numbers} elements in {self.replays} replays were not written, or are NaN or infinite"
        if not self.drift <= BOUND:
            return f"a token of a replay differs by {self.drift:.4f} from that of the first call, the bound is {BOUND}"
        return None

    def metrics(self) -> dict[str, Any]:
        """Return the values for a report."""
        return {
            "replays": self.replays,
            "not_numbers": self.not_numbers,
            "changed": self.changed,
            "drift": rounded(self.drift),
        }


def run(request: ProbeRequest) -> ProbeResult:
    """Judge one call of each number of tokens, then replay it, and compare each replay with it."""
    if (reason := mxfp4_sm90.elsewhere()) is not None:
        return ProbeResult("not-run", reason)
    metrics: dict[str, Any] = {}
    mxfp4_sm90.compiled(request, metrics)
    layout, metrics["layout_errors"] = mxfp4_sm90.find_layout()
    metrics["layout"] = layout
    if layout is None:
        return ProbeResult("fail", "the layout cannot be determined from the results", metrics)
    metrics |= {"streams": STREAMS, "cases": {}}
    troubles: list[str] = []
    concurrent: list[str] = []
    with jit.timed(metrics, "run_seconds"):
        largest = moe_case.make(LARGEST, gpt_oss=True)
        prepared = mxfp4_sm90.prepare(largest, layout)
        for tokens in TOKENS:
            try:
                alone, overlapped = _case(largest.first(tokens), prepared, metrics["cases"])
                troubles += alone
                concurrent += overlapped
            except Hung as error:
                metrics["hung"] = str(error)
                troubles.append(f"{tokens} tokens: {error}")
                break
    metrics["replays"] = sum(each["replays"] for each in metrics["cases"].values())
    if not troubles:
        metrics["concurrent"] = "wrong" if concurrent else "right"
    if concurrent:
        what = "; ".join(concurrent)
        metrics["notes"] = [f"replays are right alone, and wrong while other kernels run at the same time: {what}"]
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _case(case: Case, prepared: Any, cases: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Soak one number of tokens, and put what was found into `cases`.

    Returns what is wrong with it, and what is wrong only while other kernels run at the same time.
    """
    import torch

    tokens = case.shape.tokens
    first = torch.full_like(case.x, float("nan"))
    mxfp4_sm90.call(case, prepared, first)
    synchronize()
    comparison = compare(first, case.expected(), case.experts)
    entry = cases[str(tokens)] = {"worst_token": rounded(comparison.worst_token), "replays": 0}
    if comparison.reason:
        return [f"{tokens} tokens, first call: {comparison.reason}"], []

    def soaked(replays: int, streams: int = 1, beside: Callable[[], None] | None = None) -> Soaked:
        found = soak(lambda output: mxfp4_sm90.call(case, prepared, output), first, replays, streams, beside)
        entry["replays"] += found.replays
        return found

    times = replays_of(tokens)
    alone, concurrent = soaked(times), {}
    if alone.reason is None:
        other = _other_work(first.device)
        concurrent = {"together": soaked(times, STREAMS), "beside": soaked(times * STREAMS, beside=other)}
        entry |= {name: found.metrics() for name, found in concurrent.items()}
        if any(found.reason for found in concurrent.values()):
            # A rare fault may have missed the stream that was alone by luck: it gets as many replays as the others.
            alone = soaked(times * STREAMS)
    entry["alone"] = alone.metrics()
    print(f"{tokens} tokens: {entry}", flush=True)
    if alone.reason is not None:
        return [f"{tokens} tokens: {alone.reason}"], []
    where = {"together": f"{STREAMS} streams together", "beside": "beside other kernels"}
    return [], [f"{tokens} tokens, {where[name]}: {each.reason}" for name, each in concurrent.items() if each.reason]


def _other_work(device: Any) -> Callable[[], None]:
    """Return work that has nothing to do with the mixture, as an engine may have on another stream."""
    import torch

    values = torch.zeros(ELEMENTS, device=device)

    def work() -> None:
        values.mul_(1.0001).add_(1e-6)

    return work


def replays_of(tokens: int) -> int:
    """How often a number of tokens is replayed on each stream."""
    return LARGE_REPLAYS if tokens >= LARGE else REPLAYS


def soak(
    call: Callable[[Tensor], object],
    first: Tensor,
    replays: int,
    streams: int,
    beside: Callable[[], None] | None = None,
) -> Soaked:
    """Capture a call on each of so many streams, replay all together, and compare every output with the first one.

    The comparison is captured too, so that no replay waits for the host. `beside` is work for one more stream, which
    repeats it as often. Raises Hung.
    """
    import torch

    device = first.device
    kept = []
    graphs = []
    for _ in range(streams):
        output = torch.empty_like(first)
        counts = torch.zeros(2, dtype=torch.int64, device=device)
        drift = torch.zeros((), dtype=torch.float32, device=device)
        body = _checked(call, first, output, counts, drift)
        graphs.append(captured(body))
        # A graph does not keep the tensors alive that it reads: those of the body must live as long as it.
        kept.append((output, counts, drift, body))
    others = [] if beside is None else [captured(beside)]
    # Capturing runs the call once before, which must not count.
    for _, counts, drift, _ in kept:
        counts.zero_()
        drift.zero_()
    synchronize()
    replay([*graphs, *others], replays)
    counts = torch.stack([each[1] for each in kept]).sum(dim=0).tolist()
    drifts = torch.stack([each[2] for each in kept])
    return Soaked(replays * streams, counts[0], counts[1], float(drifts.max()))


def _checked(
    call: Callable[[Tensor], object], first: Tensor, output: Tensor, counts: Tensor, drift: Tensor
) -> Callable[[], None]:
    """Return a call into an output that is filled with NaN before, followed by its comparison with the first one."""
    import torch

    expected = first.float()
    norms = expected.norm(dim=1).clamp(min=TINY)

    def body() -> None:
        output.fill_(float("nan"))
        call(output)
        counts[0].add_((~output.isfinite()).sum())
        counts[1].add_((output != first).sum())
        # `maximum` keeps a NaN, which is a drift too.
        torch.maximum(drift, ((output.float() - expected).norm(dim=1) / norms).max(), out=drift)

    return body


class Replayed(NamedTuple):
    """A graph and the stream that it is replayed on."""

    launch: Callable[[], None]
    stream: Any


def captured(body: Callable[[], None]) -> Replayed:
    """Run the body once and capture it in a graph on a stream of its own."""
    import torch

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        body()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        body()
    return Replayed(graph.replay, stream)


def replay(graphs: Sequence[Replayed], replays: int) -> None:
    """Replay all graphs together, each on its stream. Raises Hung when some replays do not end in time."""
    for begin in range(0, replays, TOGETHER):
        count = min(TOGETHER, replays - begin)
        for _ in range(count):
            for each in graphs:
                with on(each.stream):
                    each.launch()
        wait([mark(each.stream) for each in graphs], f"replays {begin + 1} to {begin + count}", SECONDS)


def wait(events: Sequence[Any], what: str, seconds: float) -> None:
    """Wait for events. Raises Hung after some seconds: waiting for the GPU itself would never return."""
    deadline = time.monotonic() + seconds
    while not all(event.query() for event in events):
        if time.monotonic() > deadline:
            raise Hung(f"{what} did not end within {seconds:g} s")
        time.sleep(0.0005)


def on(stream: Any) -> contextlib.AbstractContextManager[Any]:
    """Return the context in which work goes to a stream."""
    import torch

    context: contextlib.AbstractContextManager[Any] = torch.cuda.stream(stream)
    return context


def mark(stream: Any) -> Any:
    """Return an event that comes when a stream has done all that it was given."""
    import torch

    event = torch.cuda.Event()
    event.record(stream)
    return event
