"""The probes by name: where each runs, how long it may take, and what it depends on.

What a probe does is its own business (`probes`); the runner knows only this table and the protocol.
"""

from __future__ import annotations

from typing import NamedTuple

from fi_bump.errors import UsageError
from fi_bump.lock import Group, Lock, Member
from fi_bump.request import named_group

Capability = tuple[int, int]

# The packages the probes are for: a lock's group that holds the first of them is the one they judge.
PACKAGES = ("flashinfer-python", "flashinfer-cubin")
# What the target itself, and an engine's own tests, are called beside the probes.
TARGET = "target"
PYTEST = "pytest"


class Probe(NamedTuple):
    """One probe.

    `lowest` and `highest` bound the compute capabilities it runs on; without `lowest` it runs anywhere. `compiles` says
    that it builds its kernel where it cannot run, on a machine without a GPU too. `seconds` is its time limit,
    compiling included; `packages` are those whose releases can break it; `about` says in a clause what it tests.
    """

    name: str
    about: str
    seconds: float
    packages: tuple[str, ...]
    lowest: Capability | None = None
    highest: Capability | None = None
    compiles: bool = False

    @property
    def kernel(self) -> bool:
        """Whether it looks at a kernel, not only at what is installed."""
        return self.lowest is not None

    def runs_on(self, capability: Capability | None) -> bool:
        """Whether it can run on a device (None: on a machine without one)."""
        if self.lowest is None:
            return True
        return capability is not None and self.lowest <= capability and capability <= (self.highest or capability)

    @property
    def where(self) -> str:
        """Where it runs, in words."""
        if self.lowest is None:
            return "anywhere"
        lowest = _dotted(self.lowest)
        if self.highest is None:
            return f"on compute capability {lowest} and later"
        return f"on compute capability {lowest}" + (
            "" if self.highest == self.lowest else f" to {_dotted(self.highest)}"
        )


def _dotted(capability: Capability) -> str:
    return f"{capability[0]}.{capability[1]}"


# The limits leave room for a whole compile on few cores: a limit is there to end a hang, not a slow machine.
PROBES = {
    probe.name: probe
    for probe in (
        Probe(
            name="environment",
            about="the locked version is installed and imports, and it fits torch, the driver and nvcc",
            seconds=300,
            packages=PACKAGES,
        ),
        Probe(
            name="mxfp4-sm90-interleave",
            about="a mixture of experts with MXFP4 weights computes right numbers, in a weight layout that is known",
            seconds=3600,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
            highest=(9, 0),
        ),
        Probe(
            name="fp4-scale-contract",
            about="the quantiser to 4 bits accepts the shapes of global scales that engines pass to it",
            seconds=1800,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
        ),
        # FlashInfer's masked grouped GEMM takes sm_100 and sm_103 and nothing else; no cubin is of it.
        Probe(
            name="cutedsl-masked-moe",
            about="the masked grouped matrix product compiles with the installed nvidia-cutlass-dsl and is right",
            seconds=1800,
            packages=(PACKAGES[0], "torch", "nvidia-cutlass-dsl"),
            lowest=(10, 0),
            highest=(10, 3),
            compiles=True,
        ),
    )
}


def choose(names: tuple[str, ...]) -> tuple[Probe, ...]:
    """The probes of these names in the table's order; all of them when none is named. Raises UsageError."""
    for name in names:
        if name not in PROBES:
            raise UsageError(f"there is no probe '{name}'", hint=f"the probes are {', '.join(PROBES)}")
    return tuple(probe for probe in PROBES.values() if not names or probe.name in names)


def sweepable(package: str) -> tuple[Probe, ...]:
    """The probes that need no GPU and that a release of the package can break. Raises UsageError when there is none."""
    compiling = [probe for probe in PROBES.values() if probe.compiles]
    chosen = tuple(probe for probe in compiling if package in probe.packages)
    if not chosen:
        known = sorted({name for probe in compiling for name in probe.packages} - set(PACKAGES))
        hint = f"a sweep can take {', '.join(known)}"
        raise UsageError(f"no probe that compiles without a GPU depends on '{package}'", hint=hint)
    return chosen


def judged(lock: Lock, name: str | None) -> list[Group]:
    """The groups that the probes can judge; with a name only that one."""
    return [group for group in lock.groups if _member(group) is not None and name in (None, group.name)]


def group_of(lock: Lock, name: str | None) -> Group:
    """The group of that name, or the one group that holds the package the probes are for. Raises UsageError."""
    groups = judged(lock, None)
    if name is not None:
        groups = [named_group(lock, name)]
    if len(groups) > 1:
        hint = f"name one with --group: {', '.join(group.name for group in groups)}"
        raise UsageError(f"{len(groups)} groups of the lock hold {PACKAGES[0]}", hint=hint)
    if not groups or _member(groups[0]) is None:
        holder = f"the group '{name}'" if groups else "no group of the lock"
        raise UsageError(f"{holder} {'does not hold' if groups else 'holds'} {PACKAGES[0]}", hint="see fi-bump init")
    return groups[0]


def _member(group: Group) -> Member | None:
    return next((member for member in group.packages if member.name == PACKAGES[0]), None)
