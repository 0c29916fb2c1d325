"""The requirements for packages that the probes depend on, at the versions that the repository pins."""

from __future__ import annotations

from collections.abc import Callable, Container

from fi_bump.repository import Repository
from fi_bump.smoke.ranges import wheels
from fi_bump.smoke.registry import PROBES
from fi_bump.smoke.repository_pins import versions_of


def pinned_beside(
    repository: Repository, decided: Container[str], wheelhouse: str | None, note: Callable[[str], None]
) -> tuple[str, ...]:
    """Return a requirement for each package that the repository pins to one version; `note` receives what was decided.

    Left out are the packages that are `decided` otherwise, and those that the wheelhouse lacks.
    """
    open_ = dict.fromkeys(name for probe in PROBES.values() for name in probe.packages if name not in decided)
    if wheelhouse is not None:
        open_ = {name: None for name in open_ if wheels(wheelhouse, name)}
    chosen = []
    for name, versions in versions_of(repository, open_).items():
        if len(versions) == 1:
            chosen.append(f"{name}=={versions[0]}")
            note(f"also {chosen[-1]}, because the repository pins it")
        elif versions:
            pinned = f"the repository pins {', '.join(versions)}"
            note(f"{pinned} of {name}, so none is required; choose with --with {name}==VERSION")
    return tuple(chosen)
