"""The list of the probes: what each needs, what it finds, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.smoke.registry import PROBES, Probe


def listing() -> Iterator[str]:
    """Yield a block of lines for each probe, in the order in which they run."""
    for probe in PROBES.values():
        yield probe.name
        yield from (f"  {what:6} {text}" for what, text in _rows(probe))


def listing_json() -> list[dict[str, str]]:
    """Return the same as data: for each probe its name, and what it tests, finds, needs and takes."""
    return [{"name": probe.name, **dict(_rows(probe))} for probe in PROBES.values()]


def _rows(probe: Probe) -> Iterator[tuple[str, str]]:
    elsewhere = "; elsewhere it compiles its kernel" if probe.compiles else ""
    ahead = "; --compile-only compiles it without a GPU" if probe.ahead else ""
    yield "tests", probe.about
    yield "finds", probe.guards
    yield "runs", f"{probe.where}{elsewhere}{ahead}"
    yield "takes", f"{probe.usual}; it is ended after {probe.seconds:g} s"
