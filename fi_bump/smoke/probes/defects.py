"""Planted defects that must turn `mxfp4-sm90-interleave` red.

Each one changes the kernel's input but not the expected output. For the judge that is the same as a kernel that reads
its input wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import mxfp4_sm90
from .judge import Comparison, compare
from .moe_case import Case
from .protocol import ProbeRequest, ProbeResult

if TYPE_CHECKING:
    from torch import Tensor

# The probe's own shapes that are so large that every defect affects only a small part.
SHAPES = mxfp4_sm90.SHAPES[2:]
NONE = "none"


def swapped(packed: Tensor) -> Tensor:
    """Swap the two nibbles of every byte."""
    return (packed << 4) | (packed >> 4)


def halves_swapped(rows: Tensor) -> Tensor:
    """Swap the gate and the linear part of `[experts, 2 inner, …]`."""
    return rows.roll(rows.shape[1] // 2, 1)


def stale(packed: Tensor, expert: int) -> Tensor:
    """Replace one expert's weights with those of the expert before it."""
    changed = packed.clone()
    changed[expert] = packed[expert - 1]
    return changed


def flipped(packed: Tensor, expert: int) -> Tensor:
    """Flip the signs of both values of every byte in the first row of one expert."""
    changed = packed.clone()
    changed[expert, 0] ^= 0x88
    return changed


def planted(case: Case) -> Iterator[tuple[str, Case]]:
    """Yield the unchanged case, then each defective one, with names. Defects of one expert are in the most used one."""
    used = int(case.experts.flatten().mode().values)
    yield NONE, case
    yield "nibbles swapped in w1", case._replace(w1=swapped(case.w1))
    yield "nibbles swapped in w2", case._replace(w2=swapped(case.w2))
    yield "s1 off by one group", case._replace(s1=case.s1.roll(1, -1))
    yield "s2 off by one group", case._replace(s2=case.s2.roll(1, -1))
    yield "gate and up swapped", case._replace(w1=halves_swapped(case.w1), s1=halves_swapped(case.s1))
    yield "scales twice too large", case._replace(s1=case.s1 + 1, s2=case.s2 + 1)
    yield "one expert's weights stale", case._replace(w1=stale(case.w1, used))
    yield "one row's signs flipped in one expert", case._replace(w1=flipped(case.w1, used))


def run(request: ProbeRequest) -> ProbeResult:
    """Plant every defect on the GPU; `pass` if each one turns the verdict red and the unchanged case is green."""
    if (reason := mxfp4_sm90.elsewhere()) is not None:
        return ProbeResult("not-run", reason)
    metrics: dict[str, Any] = {}
    mxfp4_sm90.compiled(request, metrics)
    layout, errors = mxfp4_sm90.find_layout()
    metrics |= {"layout": layout, "layout_errors": errors}
    if layout is None:
        return ProbeResult("fail", "the layout cannot be determined from the results", metrics)
    found = {case.name: dict(comparisons(case, layout)) for shape in SHAPES for case in mxfp4_sm90.both(shape)}
    return verdict(found, metrics)


def verdict(found: dict[str, dict[str, Comparison]], metrics: dict[str, Any]) -> ProbeResult:
    """Return `pass` if every planted defect was noticed and no unchanged case is red; print all, and the kill rate.

    `found` holds the comparisons by case and defect. The probe is red if one of its cases is, so a defect is noticed
    if it is red in one case.
    """
    red: dict[str, list[str]] = {}
    for case, by_defect in found.items():
        for defect, comparison in by_defect.items():
            cases = red.setdefault(defect, [])
            cases += [case] if comparison.reason else []
            print(f"{case}: {defect}: {'red' if comparison.reason else 'green'} {comparison.metrics()}", flush=True)
    alarms = red.pop(NONE, [])
    survived = [defect for defect, cases in red.items() if not cases]
    metrics |= {
        "cases": {case: {defect: each.metrics() for defect, each in by.items()} for case, by in found.items()},
        "red_in": {defect: len(cases) for defect, cases in red.items()},
        "planted": len(red),
        "killed": len(red) - len(survived),
    }
    print(f"kill rate: {metrics['killed']} of {metrics['planted']}", flush=True)
    troubles = [f"not noticed: {', '.join(survived)}"] if survived else []
    troubles += [f"red without a defect: {'; '.join(alarms)}"] if alarms else []
    return ProbeResult("fail", "; ".join(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def comparisons(case: Case, layout: str) -> Iterator[tuple[str, Comparison]]:
    """Yield the name and the comparison of each defect, after running the kernel."""
    import torch

    expected = case.expected()
    unwritten = torch.full_like(case.x, float("nan"))

    def judged(fed: Case, chosen: str) -> Comparison:
        output = unwritten.clone()
        mxfp4_sm90.call(fed, mxfp4_sm90.prepare(fed, chosen), output)
        torch.cuda.synchronize()
        return compare(output, expected, case.experts)

    for name, fed in planted(case):
        yield name, judged(fed, layout)
    # An older wheel, with the legacy layout, has no functions to interleave.
    if layout == "interleaved":
        yield "weights not interleaved", judged(case, "legacy")
    yield "output left unwritten", compare(unwritten, expected, case.experts)
