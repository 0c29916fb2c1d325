"""The table of probes: where each can run, its time limit, and the packages that it depends on.

The runner knows only this table and the protocol; the code of the probes is in `probes`.
"""

from __future__ import annotations

from typing import NamedTuple

from fi_bump.errors import UsageError
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.request import named_group

Capability = tuple[int, int]

# The packages that the probes test. The probes test the group of the lock that has the first of them.
PACKAGES = ("flashinfer-python", "flashinfer-cubin")
# The names, next to those of the probes, for the description of the target and for the repository's own tests.
TARGET = "target"
PYTEST = "pytest"


class Probe(NamedTuple):
    """One probe.

    `seconds` is its time limit, including compiling. `packages` are those whose releases can break it. It runs on
    compute capabilities from `lowest` to `highest`, or on every machine if `lowest` is None. With `compiles` it can
    compile its kernel on machines where it cannot run, also without a GPU. With `ahead` any machine can compile the
    modules that it loads where it runs. `about` says in a clause what it tests, `guards` which faults of releases it
    would find, and `usual` how long it takes with nothing compiled before. `devices` is the number of GPUs that it uses
    together.
    """

    name: str
    about: str
    seconds: float
    packages: tuple[str, ...]
    lowest: Capability | None = None
    highest: Capability | None = None
    compiles: bool = False
    ahead: bool = False
    guards: str = ""
    usual: str = ""
    devices: int = 1

    @property
    def kernel(self) -> bool:
        """Whether it tests a kernel, not only the installed packages."""
        return self.lowest is not None

    def runs_on(self, capability: Capability | None) -> bool:
        """Return whether it can run on a device with this compute capability; None stands for no device."""
        if self.lowest is None:
            return True
        return capability is not None and self.lowest <= capability and capability <= (self.highest or capability)

    @property
    def where(self) -> str:
        """Where it can run, in words."""
        if self.lowest is None:
            return "anywhere"
        lowest = _dotted(self.lowest)
        several = "" if self.devices == 1 else f"{self.devices} GPUs of "
        if self.highest is None:
            return f"on {several}compute capability {lowest} and later"
        return f"on {several}compute capability {lowest}" + (
            "" if self.highest == self.lowest else f" to {_dotted(self.highest)}"
        )


def _dotted(capability: Capability) -> str:
    return f"{capability[0]}.{capability[1]}"


# The time limits are long enough for a full compile on few cores: they end a hang, not a slow machine.
PROBES = {
    probe.name: probe
    for probe in (
        Probe(
            name="environment",
            about="the locked version is installed and imports, and it fits torch, the driver and nvcc",
            seconds=300,
            packages=PACKAGES,
            guards="a mixed installation: members of two releases, another CUDA than torch's, a driver that is too old",
            usual="11 s",
        ),
        Probe(
            name="offline-start",
            about="FlashInfer starts without a network, and what it would download is named",
            seconds=600,
            packages=PACKAGES,
            guards="a start that downloads kernels or headers, which fails in a closed network",
            usual="11 s",
        ),
        Probe(
            name="mxfp4-sm90-interleave",
            about="a mixture of experts with MXFP4 weights computes right numbers, in a weight layout that is known",
            seconds=3600,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
            highest=(9, 0),
            ahead=True,
            guards="a changed layout of weights or scales (0.6.11, 0.6.18), which makes results wrong without an error",
            usual="141 to 197 s on 16 cores with --jit quick",
        ),
        Probe(
            name="fp4-scale-contract",
            about="the quantiser to 4 bits accepts the shapes of global scales that engines pass to it",
            seconds=1800,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
            guards="a shape of the scale that a release no longer accepts (0.6.11: one scale for each expert)",
            usual="41 s",
        ),
        # FlashInfer's masked grouped GEMM only runs on sm_100 and sm_103, and it is not in flashinfer-cubin.
        Probe(
            name="cutedsl-masked-moe",
            about="the masked grouped matrix product compiles with the installed nvidia-cutlass-dsl and is right",
            seconds=1800,
            packages=(PACKAGES[0], "torch", "nvidia-cutlass-dsl"),
            lowest=(10, 0),
            highest=(10, 3),
            compiles=True,
            guards="a release of nvidia-cutlass-dsl that the metadata allows and the kernel does not work with",
            usual="4 s to compile",
        ),
        Probe(
            name="paged-attention",
            about="attention over a paged cache is right with each backend, and `auto` chooses a fast one",
            seconds=1800,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
            highest=(9, 0),
            guards="an auto that chooses the slow backend (SGLang #17411 and #18364), and wrong numbers of one backend",
            usual="up to 374 s on 16 cores, 26 s with kept modules",
        ),
        Probe(
            name="mla-decode",
            about="multi-head latent attention (DeepSeek) is right with each backend, and `auto` chooses a fast one",
            seconds=1800,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
            highest=(9, 0),
            guards="an auto that chooses a slow backend, wrong numbers of one backend, a partly filled page read whole",
            usual="48 s on 16 cores",
        ),
        Probe(
            name="moe-soak",
            about="replays of a captured mixture of experts never change its result, and all end",
            seconds=3600,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
            highest=(9, 0),
            guards="NaN at some number of tokens, results that drift under replay, hangs after many replays",
            usual="26 s when the mixture is compiled, which takes 125 to 151 s",
        ),
        Probe(
            name="gdn-prefill",
            about="the gated delta rule (Qwen3-Next) is right over sequences of any length, and so are its states",
            seconds=1800,
            packages=(PACKAGES[0], "torch", "nvidia-cutlass-dsl"),
            lowest=(9, 0),
            highest=(9, 0),
            guards="a kernel that is gone, or that another nvidia-cutlass-dsl breaks; wrong states between two calls",
            usual="40 s with nvidia-cutlass-dsl",
        ),
        Probe(
            name="allreduce-fusion",
            about="the all-reduce fused with residual and norm is right in a sub-group, called and captured",
            seconds=900,
            packages=(*PACKAGES, "torch"),
            lowest=(9, 0),
            guards="a workspace that confuses the ranks of a sub-group and of the world, results stale under replay",
            usual="about two minutes, most of it compiling",
            devices=2,
        ),
    )
}


def choose(names: tuple[str, ...]) -> tuple[Probe, ...]:
    """Return the named probes in the table's order, or all without names. Raises UsageError for an unknown name."""
    for name in names:
        if name not in PROBES:
            raise UsageError(f"there is no probe '{name}'", hint=f"name one of {', '.join(PROBES)}")
    return tuple(probe for probe in PROBES.values() if not names or probe.name in names)


def sweepable(package: str) -> tuple[Probe, ...]:
    """Return the probes that can compile without a GPU and depend on the package. Raises UsageError without any."""
    compiling = [probe for probe in PROBES.values() if probe.compiles]
    chosen = tuple(probe for probe in compiling if package in probe.packages)
    if not chosen:
        known = sorted({name for probe in compiling for name in probe.packages} - set(PACKAGES))
        hint = f"sweep one of {', '.join(known)}"
        raise UsageError(f"no probe that compiles without a GPU depends on '{package}'", hint=hint)
    return chosen


def judged(lock: Lock, name: str | None) -> list[Group]:
    """Return the groups that the probes can test; with a name, only that group."""
    return [group for group in lock.groups if _member(group) is not None and name in (None, group.name)]


def group_of(lock: Lock, name: str | None) -> Group:
    """Return the group for the probes: the named one, or the only group with the main package.

    Raises UsageError if the group lacks that package, or without a name if several groups have it.
    """
    groups = judged(lock, None)
    if name is not None:
        groups = [named_group(lock, name)]
    if len(groups) > 1:
        hint = f"name one with --group: {', '.join(group.name for group in groups)}"
        raise UsageError(f"{len(groups)} groups of the lock have {PACKAGES[0]}", hint=hint)
    if not groups or _member(groups[0]) is None:
        owner = f"the group '{name}' does not have" if groups else "no group of the lock has"
        raise UsageError(f"{owner} {PACKAGES[0]}", hint="add the package to a group of versions.lock.json")
    return groups[0]


def _member(group: Group) -> Member | None:
    return next((member for member in group.packages if member.name == PACKAGES[0]), None)
