"""The requirements for packages that the probes depend on, at the versions that the repository pins."""

from __future__ import annotations

from collections.abc import Callable, Container

from fi_bump.repository import Repository
from fi_bump.smoke.ranges import wheel_version, wheels
from fi_bump.smoke.registry import PROBES
from fi_bump.smoke.repository_pins import versions_of
from fi_bump.versions import same_version


def pinned_beside(
    repository: Repository, decided: Container[str], wheelhouse: str | None, note: Callable[[str], None]
) -> tuple[str, ...]:
    """Return a requirement for each package that the repository pins to one version; `note` receives what was decided.

    Of several pinned versions, the one that alone is in the wheelhouse counts. Left out are the packages that are
    `decided` otherwise, and those that the wheelhouse lacks.
    """
    open_ = dict.fromkeys(name for probe in PROBES.values() for name in probe.packages if name not in decided)
    if wheelhouse is not None:
        open_ = {name: None for name in open_ if wheels(wheelhouse, name)}
    chosen = []
    for name, versions in versions_of(repository, open_).items():
        had = _of_these(wheelhouse, name, versions) if wheelhouse is not None and len(versions) > 1 else ()
        if len(had) == 1:
            chosen.append(f"{name}=={had[0]}")
            pinned = ", ".join(versions)
            note(f"also {chosen[-1]}: the repository pins {pinned}, and the wheelhouse has only this one of them")
        elif len(versions) == 1:
            chosen.append(f"{name}=={versions[0]}")
            note(f"also {chosen[-1]}, because the repository pins it")
        elif versions:
            pinned = f"the repository pins {', '.join(versions)}"
            note(f"{pinned} of {name}, so none is required; choose with --with {name}==VERSION")
    return tuple(chosen)


def _of_these(wheelhouse: str, name: str, versions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the versions of which the folder has a wheel, whatever their local label is."""
    there = {wheel_version(wheel).partition("+")[0] for wheel in wheels(wheelhouse, name)}
    return tuple(each for each in versions if any(same_version(each, version) for version in there))
