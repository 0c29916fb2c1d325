"""`allreduce-fusion`: the all-reduce that is fused with residual and norm, in a sub-group, called and captured.

Three processes form a world, and the last two of them, each with its GPU, the sub-group: a rank in it is not the rank
in the world, which releases have confused. The workspace is the one for NVLink without multicast (`trtllm`).
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import allreduce_rank, jit
from .protocol import ProbeRequest, ProbeResult

GPUS = 2
# A hang ends here. The processes compile nothing and run for half a minute, longer if others use the GPUs too.
SECONDS = 400.0
TICK = 0.05


def run(request: ProbeRequest) -> ProbeResult:
    """Start the ranks and return what they found; in a rank, do its part."""
    if allreduce_rank.RANK in os.environ:
        return allreduce_rank.run(request)
    import torch

    if not torch.cuda.is_available():
        return ProbeResult("not-run", "torch finds no GPU")
    if torch.cuda.device_count() < GPUS:
        return ProbeResult("not-run", f"two GPUs are needed, and this process sees {torch.cuda.device_count()}")
    metrics: dict[str, Any] = {}
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    with jit.timed(metrics, "import_seconds"):
        importlib.import_module("flashinfer")
        comm = importlib.import_module("flashinfer.comm")
    if "group" not in inspect.signature(comm.create_allreduce_fusion_workspace).parameters:
        return ProbeResult("not-run", "this release does not make the workspace for a sub-group", metrics)
    jit.take_over_builds()
    # Built once here: the ranks would wait for each other's build.
    with jit.timed(metrics, "compile_seconds"):
        importlib.import_module("flashinfer.comm.trtllm_ar").get_trtllm_comm_module()
    with tempfile.TemporaryDirectory(prefix="fi-bump-ranks-") as folder, jit.timed(metrics, "run_seconds"):
        results = _ranks(request, Path(folder))
    return verdict(results, metrics)


def verdict(results: Sequence[ProbeResult | str], metrics: dict[str, Any]) -> ProbeResult:
    """Join the results of the ranks; a text is the reason for which a rank has none. Times are those of one rank."""
    troubles: list[str] = []
    for rank, result in enumerate(results):
        if isinstance(result, str):
            troubles.append(f"rank {rank} {result}")
        elif result.outcome != "pass":
            troubles.append(f"rank {rank}: {result.reason}")
    found = [result.metrics for result in results if isinstance(result, ProbeResult) and result.metrics.get("cases")]
    metrics["cases"] = {f"rank {each['rank']} of the sub-group": each["cases"] for each in found}
    errors = [entry["worst_token"] for each in found for entry in each["cases"].values()]
    metrics["worst_token"] = None if not errors or None in errors else max(errors)
    if found:
        metrics["backend"] = found[-1].get("backend")
        metrics["timing"] = found[-1].get("timing")
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _ranks(request: ProbeRequest, folder: Path) -> list[ProbeResult | str]:
    """Run all ranks in processes that are started as this one was, and return their results."""
    question = folder / "request.json"
    question.write_text(replace(request, nonce="rank").to_json(), encoding="utf-8")
    answers = [folder / f"result-{rank}.json" for rank in range(allreduce_rank.WORLD)]
    # Everything before the request and the result: the interpreter's options and the program.
    command = [sys.executable, *sys.orig_argv[1:-2]]
    processes = []
    try:
        for rank, answer in enumerate(answers):
            environment = os.environ | {
                allreduce_rank.RANK: str(rank),
                allreduce_rank.MEETING: str(folder / "meeting"),
                # A program that uses NVLink multicast and is killed can leave it in a state that a reset must mend.
                "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1",
                "NCCL_NVLS_ENABLE": "0",
            }
            processes.append(subprocess.Popen([*command, str(question), str(answer)], env=environment))
        codes = _awaited(processes, time.monotonic() + SECONDS)
    finally:
        for process in processes:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
    return [_result(answer, code) for answer, code in zip(answers, codes, strict=True)]


def _awaited(processes: Sequence[subprocess.Popen[bytes]], deadline: float) -> list[int | None]:
    """Wait for all processes, or for the first that fails; return the exit codes, None for one that still runs."""
    while time.monotonic() < deadline:
        codes = [process.poll() for process in processes]
        if None not in codes:
            return codes
        if any(codes):
            # The others wait for the one that failed; they get a moment to write their own results.
            time.sleep(2.0)
            return [process.poll() for process in processes]
        time.sleep(TICK)
    return [process.poll() for process in processes]


def _result(answer: Path, code: int | None) -> ProbeResult | str:
    if answer.exists():
        try:
            return ProbeResult.from_json(answer.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError, json.JSONDecodeError):
            return "wrote no result that can be read"
    if code is None:
        return "did not end: it waited for another rank, or hung"
    return f"ended with {code} and without a result"
