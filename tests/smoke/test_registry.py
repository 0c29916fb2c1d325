"""Tests of the table of probes and of the group that they test."""

from __future__ import annotations

import pytest

from fi_bump.errors import UsageError
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.smoke.probes import __main__ as probes_main
from fi_bump.smoke.registry import PROBES, Capability, choose, group_of, sweepable

OURS = Group("flashinfer", "0.6.8", (Member("flashinfer-python"), Member("flashinfer-cubin")))
OTHER = Group("torch", "2.11.0", (Member("torch"),))


def test_every_probe_has_a_module_and_every_module_is_known() -> None:
    # The planted defects test the probes, not a wheel, and are run by hand.
    assert {*PROBES, "target", "mxfp4-sm90-defects"} == set(probes_main.MODULES)


@pytest.mark.parametrize(
    ("name", "where", "runs", "does_not"),
    [
        ("environment", "anywhere", [None, (8, 0), (9, 0), (12, 1)], []),
        ("mxfp4-sm90-interleave", "on compute capability 9.0", [(9, 0)], [None, (8, 9), (10, 0)]),
        ("fp4-scale-contract", "on compute capability 9.0 and later", [(9, 0), (10, 0), (12, 1)], [None, (8, 9)]),
        (
            "cutedsl-masked-moe",
            "on compute capability 10.0 to 10.3",
            [(10, 0), (10, 3)],
            [None, (9, 0), (11, 0), (12, 0)],
        ),
        ("paged-attention", "on compute capability 9.0", [(9, 0)], [None, (8, 9), (10, 0)]),
        ("mla-decode", "on compute capability 9.0", [(9, 0)], [None, (8, 9), (10, 0)]),
        ("moe-soak", "on compute capability 9.0", [(9, 0)], [None, (8, 9), (10, 0)]),
        ("gdn-prefill", "on compute capability 9.0", [(9, 0)], [None, (8, 9), (10, 0)]),
        ("allreduce-fusion", "on 2 GPUs of compute capability 9.0 and later", [(9, 0), (10, 0)], [None, (8, 9)]),
    ],
)
def test_where_a_probe_runs(
    name: str, where: str, runs: list[Capability | None], does_not: list[Capability | None]
) -> None:
    probe = PROBES[name]
    assert probe.where == where
    assert [capability for capability in runs + does_not if probe.runs_on(capability)] == runs


def test_choosing() -> None:
    assert choose(()) == tuple(PROBES.values())
    names = [probe.name for probe in choose(("fp4-scale-contract", "environment", "environment"))]
    assert names == ["environment", "fp4-scale-contract"]
    with pytest.raises(UsageError) as caught:
        choose(("environment", "mxfp4"))
    assert (str(caught.value), caught.value.hint) == (
        "there is no probe 'mxfp4'",
        "name one of environment, offline-start, mxfp4-sm90-interleave, fp4-scale-contract, cutedsl-masked-moe, "
        "paged-attention, mla-decode, moe-soak, gdn-prefill, allreduce-fusion",
    )


def test_what_a_sweep_can_take() -> None:
    assert sweepable("nvidia-cutlass-dsl") == (PROBES["cutedsl-masked-moe"],)
    with pytest.raises(UsageError) as caught:
        sweepable("numpy")
    assert (str(caught.value), caught.value.hint) == (
        "no probe that compiles without a GPU depends on 'numpy'",
        "sweep one of nvidia-cutlass-dsl, torch",
    )


@pytest.mark.parametrize(("groups", "name"), [((OTHER, OURS), None), ((OURS, OURS._replace(name="b")), "flashinfer")])
def test_the_group(groups: tuple[Group, ...], name: str | None) -> None:
    assert group_of(Lock(groups), name) == OURS


@pytest.mark.parametrize(
    ("groups", "name", "message", "hint"),
    [
        (
            (OTHER,),
            None,
            "no group of the lock has flashinfer-python",
            "add the package to a group of versions.lock.json",
        ),
        (
            (OTHER, OURS),
            "torch",
            "the group 'torch' does not have flashinfer-python",
            "add the package to a group of versions.lock.json",
        ),
        ((OTHER, OURS), "jax", "the lock has no group 'jax'", "the groups are torch, flashinfer"),
        (
            (OURS, OURS._replace(name="diffusion")),
            None,
            "2 groups of the lock have flashinfer-python",
            "name one with --group: flashinfer, diffusion",
        ),
    ],
)
def test_no_group(groups: tuple[Group, ...], name: str | None, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        group_of(Lock(groups), name)
    assert (str(caught.value), caught.value.hint) == (message, hint)
