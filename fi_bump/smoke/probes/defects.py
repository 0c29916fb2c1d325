"""Planted defects: what must turn the verdict of `mxfp4-sm90-interleave` red. Each changes what the kernel is fed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from . import jit, moe_case, mxfp4_sm90
from .judge import Comparison, compare
from .moe_case import Case, Shape
from .protocol import Request, Result

if TYPE_CHECKING:
    from torch import Tensor

SHAPES = (Shape(16, 512, 512, 8, 2), Shape(64, 2816, 2816, 32, 4))


def swapped(packed: Tensor) -> Tensor:
    """The two nibbles of every byte exchanged."""
    return (packed << 4) | (packed >> 4)


def halves_swapped(rows: Tensor, inner: int) -> Tensor:
    """`[experts, 2 inner, …]` with gate and linear part exchanged."""
    import torch

    return torch.cat((rows[:, inner:], rows[:, :inner]), dim=1)


def stale(packed: Tensor) -> Tensor:
    """The first expert's weights replaced by the second's."""
    changed = packed.clone()
    changed[0] = changed[1]
    return changed


def flipped(packed: Tensor, expert: int) -> Tensor:
    """The signs of both values of every byte in one row of one expert turned."""
    changed = packed.clone()
    changed[expert, 0] ^= 0x88
    return changed


def planted(case: Case) -> Iterator[tuple[str, Case]]:
    """Each defect of the data by name, the expectation being that of the case without it."""
    inner = case.shape.inner
    used = int(case.experts.flatten().mode().values)
    yield "nibbles swapped in w1", case._replace(w1=swapped(case.w1))
    yield "nibbles swapped in w2", case._replace(w2=swapped(case.w2))
    yield "s1 off by one group", case._replace(s1=case.s1.roll(1, -1))
    yield "s2 off by one group", case._replace(s2=case.s2.roll(1, -1))
    yield "gate and up swapped", case._replace(w1=halves_swapped(case.w1, inner), s1=halves_swapped(case.s1, inner))
    yield "scales twice too large", case._replace(s1=case.s1 + 1)
    order = [used, *(number for number in range(case.shape.experts) if number != used)]
    yield "one expert's weights stale", case._replace(w1=stale(case.w1[order])[_inverse(order)])
    yield "one row's signs flipped in one expert", case._replace(w1=flipped(case.w1, used))


def _inverse(order: list[int]) -> list[int]:
    return [order.index(number) for number in range(len(order))]


def run(request: Request) -> Result:
    """Plant every defect on the GPU; `pass` when each one turns the verdict red and the case without any is green."""
    jit.prepare(request.cache, "flashinfer-python", request.jit)
    jit.fused_moe_sm90(request.jit)
    layout, errors = mxfp4_sm90.find_layout()
    if layout is None:
        return Result("fail", f"neither layout gives the right numbers: {errors}", {"layout_errors": errors})
    metrics: dict[str, Any] = {"layout": layout}
    survived = []
    for shape in SHAPES:
        case = moe_case.make(shape, gpt_oss=False)
        expected = case.expected()
        rows: dict[str, Any] = {}
        for name, comparison in _comparisons(case, expected, layout):
            red = comparison.reason is not None
            rows[name] = {**comparison.metrics(), "red": red}
            print(f"{shape.name}: {name}: {rows[name]}", flush=True)
            if red != (name != "none"):
                survived.append(f"{shape.name}: {name}")
        metrics[shape.name] = rows
    total = sum(len(metrics[shape.name]) - 1 for shape in SHAPES)
    metrics["killed"] = f"{total - len(survived)} of {total}"
    print(f"kill rate: {metrics['killed']}", flush=True)
    if survived:
        return Result("fail", f"not noticed: {'; '.join(survived)}", metrics)
    return Result("pass", None, metrics)


def _comparisons(case: Case, expected: Tensor, layout: str) -> Iterator[tuple[str, Comparison]]:
    import torch

    def judged(fed: Case, chosen: str, call: Callable[..., None] = mxfp4_sm90.call) -> Comparison:
        output = torch.full_like(case.x, float("nan"))
        call(fed, mxfp4_sm90.prepare(fed, chosen), output)
        torch.cuda.synchronize()
        return compare(output, expected, case.experts)

    yield "none", judged(case, layout)
    for name, fed in planted(case):
        yield name, judged(fed, layout)
    other = "legacy" if layout == "interleaved" else None
    if other:
        yield "weights not interleaved", judged(case, other)
    yield "output left unwritten", judged(case, layout, lambda *_: None)
