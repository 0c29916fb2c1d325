"""One rank of `allreduce-fusion`: call the wheel's kernel, capture it, compare with float32, and time it."""

from __future__ import annotations

import datetime
import importlib
import os
import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import allreduce_case, jit, timing
from .allreduce_case import EPSILON, HIDDEN, AllReduceCase
from .fp4_scale import reason_of
from .judge import BOUND, TINY, rounded
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

# Environment variables of a rank: its number in the world, and the file where the ranks meet.
RANK, MEETING = "FI_BUMP_PROBE_RANK", "FI_BUMP_PROBE_MEETING"
WORLD = 3
# The ranks of the sub-group, by their numbers in the world.
MEMBERS = (1, 2)
TOKENS = (1, 16, 128, 2048)
# One exchange of everything suits few tokens, two exchanges many; None leaves the choice to the wheel.
WAYS: tuple[bool | None, ...] = (None, True, False)
# The most tokens that are exchanged in one go.
ONE_SHOT = 128
ROUNDS = 20
TIMED = (1, 128)
# Calls in a captured graph, over which the fixed cost of a replay is spread.
CALLS = 16


def run(request: ProbeRequest) -> ProbeResult:
    """Do one rank's part. The rank outside the sub-group only takes part in what all ranks must do together."""
    import torch
    from torch import distributed

    number = int(os.environ[RANK])
    member = MEMBERS.index(number) if number in MEMBERS else None
    if member is not None:
        torch.cuda.set_device(member)
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{os.environ[MEETING]}",
        rank=number,
        world_size=WORLD,
        # The parent ends a hang. A rank must not give up before, because the others could not tell why.
        timeout=datetime.timedelta(hours=1),
    )
    group = distributed.new_group(list(MEMBERS))
    metrics: dict[str, Any] = {}
    troubles: list[str] = []
    if member is not None:
        # The parent has set FlashInfer's folder in the environment. Prepared once more, it would be another one.
        importlib.import_module("flashinfer")
        comm = importlib.import_module("flashinfer.comm")
        jit.take_over_builds()
        kernel = Kernel(comm, group, member)
        metrics |= {"rank": member, "backend": kernel.backend, "cases": {}}
        troubles = judged(kernel, metrics["cases"])
        if not troubles:
            metrics["timing"] = times(kernel)
        torch.cuda.synchronize()
    distributed.barrier()
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


class Kernel:
    """The wheel's fused all-reduce for one member of a sub-group, with the workspace that the members share."""

    def __init__(self, comm: Any, group: Any, member: int, device: str = "cuda") -> None:
        import torch

        self.comm = comm
        self.member = member
        self.device = device
        self.workspace = comm.create_allreduce_fusion_workspace(
            backend="trtllm",
            world_size=len(MEMBERS),
            rank=member,
            max_token_num=max(TOKENS),
            hidden_dim=HIDDEN,
            dtype=torch.bfloat16,
            group=group,
        )
        self.backend = str(getattr(self.workspace, "backend", "trtllm"))

    def fused(self, mine: Tensor, case: AllReduceCase, one_shot: bool | None, into: tuple[Tensor, Tensor]) -> None:
        """Sum the inputs of all members and the residual into `into[0]`, and its norm into `into[1]`."""
        self.comm.allreduce_fusion(
            input=mine,
            workspace=self.workspace,
            pattern=self.comm.AllReduceFusionPattern.kARResidualRMSNorm,
            launch_with_pdl=True,
            residual_in=case.residual,
            residual_out=into[0],
            norm_out=into[1],
            rms_gamma=case.gamma,
            rms_eps=EPSILON,
            use_oneshot=one_shot,
        )


def judged(kernel: Kernel, cases: dict[str, Any]) -> list[str]:
    """Judge every number of tokens and way, called and captured; put the errors into `cases`, return the troubles."""
    troubles = []
    for tokens in TOKENS:
        for one_shot in WAYS:
            if one_shot is (tokens > ONE_SHOT) and one_shot is not None:
                continue
            if one_shot is False and tokens <= len(MEMBERS):
                continue
            name = f"{tokens} tokens, {_WORDS[one_shot]}"
            cases[name] = entry = _errors(kernel, tokens, one_shot)
            print(f"member {kernel.member}, {name}: {entry}", flush=True)
            for how in ("called", "captured"):
                error = entry[how]
                if error is None:
                    troubles.append(f"{name}, {how}: the worst token has elements that are no number")
                elif error > BOUND:
                    troubles.append(f"{name}, {how}: the worst token is off by {error:.4f}, the bound is {BOUND}")
    return troubles


_WORDS = {None: "as the wheel chooses", True: "one exchange", False: "two exchanges"}


def _errors(kernel: Kernel, tokens: int, one_shot: bool | None) -> dict[str, float | None]:
    """Return the worst errors of calls and of replays, each with new inputs every time, and the worst of both."""
    import torch

    cases = [allreduce_case.make(len(MEMBERS), tokens, seed, kernel.device) for seed in range(4)]
    expected = [case.expected() for case in cases]
    mine = torch.empty_like(cases[0].inputs[0])
    # A residual and weights that stay in their place, because a captured call reads them there.
    kept = AllReduceCase(cases[0].inputs, torch.empty_like(cases[0].residual), torch.empty_like(cases[0].gamma))
    into = (torch.empty_like(mine), torch.empty_like(mine))

    def body() -> None:
        kernel.fused(mine, kept, one_shot, into)

    def worst(action: Callable[[], object]) -> float:
        errors = []
        for number in range(ROUNDS):
            case = cases[number % len(cases)]
            mine.copy_(case.inputs[kernel.member])
            kept.residual.copy_(case.residual)
            kept.gamma.copy_(case.gamma)
            for output in into:
                output.fill_(float("nan"))
            action()
            pairs = zip(into, expected[number % len(cases)], strict=True)
            errors += [_worst_token(output, wanted) for output, wanted in pairs]
        return max(errors, key=lambda error: error if error == error else float("inf"))

    called = rounded(worst(body))
    captured_ = rounded(worst(captured(body)))
    both = None if called is None or captured_ is None else max(called, captured_)
    return {"called": called, "captured": captured_, "worst_token": both}


def _worst_token(output: Tensor, expected: Tensor) -> float:
    errors = (output.float() - expected).norm(dim=-1) / expected.norm(dim=-1).clamp(min=TINY)
    return float(errors.max())


def captured(body: Callable[[], None], calls: int = 1) -> Callable[[], object]:
    """Capture some calls of a body in a graph and return its replay. The members do this at the same time."""
    import torch

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        body()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            body()
    replay: Callable[[], object] = graph.replay
    return replay


def times(kernel: Kernel) -> dict[str, Any]:
    """Return the median microseconds of a captured call by number of tokens, or the error under `failed`."""
    import torch

    found: dict[str, Any] = {"calls_per_replay": CALLS}
    try:
        for tokens in TIMED:
            case = allreduce_case.make(len(MEMBERS), tokens, 0, kernel.device)
            mine = case.inputs[kernel.member].clone()
            into = (torch.empty_like(mine), torch.empty_like(mine))

            def body(mine: Tensor = mine, case: AllReduceCase = case, into: tuple[Tensor, Tensor] = into) -> None:
                kernel.fused(mine, case, None, into)

            replay = captured(body, CALLS)
            replay()
            median = statistics.median(timing.elapsed(replay) for _ in range(40)) / CALLS
            found[f"{tokens} tokens"] = {"median_us": round(median, 1)}
    except Exception as error:
        found["failed"] = reason_of(error)
    return found
