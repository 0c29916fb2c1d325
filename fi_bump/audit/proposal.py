"""Which other pins must move with a group, and where to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from fi_bump.audit.conflicts import Conflict, Environment, Releases, Stated, conflicts, holds, satisfying

# A chain longer than this is a redesign, not a bump; and no index is asked for the metadata of every old release.
LONGEST_CHAIN = 8
MOST_RELEASES_TRIED = 12


def propose(
    together: Sequence[Sequence[Stated]],
    fixed: Iterable[str],
    releases: Releases,
    environments: Sequence[Environment],
) -> dict[str, Version] | None:
    """The versions that other exact pins need so that the fixed packages agree with everything stated.

    `together` are the sets of what is installed together: a package moves to one version in all of them.
    Empty when nothing is in the way, None when no set of moves was found. Each conflict is solved by moving the pin
    that is not fixed yet, one step at a time: to the lowest release series that is admitted, its newest patch.
    """
    decided = set(fixed)
    moved: dict[str, Version] = {}
    current = [list(stated) for stated in together]
    for _ in range(LONGEST_CHAIN):
        left = [each for stated in current for each in conflicts(stated, frozenset(decided), releases, environments)]
        if not left:
            return moved
        # Who asks for what is decided has few releases to move to; what they then ask for bounds the others.
        left.sort(key=lambda conflict: conflict.stated.package not in decided)
        step = _step(left[0], current, decided, releases, environments)
        if step is None:
            return None
        package, version = step
        decided.add(package)
        moved[package] = version
        current = [
            [_at(each, version) if each.package == package and each.version else each for each in stated]
            for stated in current
        ]
    return None


def _at(stated: Stated, version: Version) -> Stated:
    """The same exact pin at another version."""
    requirement = Requirement(str(stated.requirement))
    requirement.specifier = SpecifierSet(f"=={version}")
    return stated._replace(requirement=requirement)


def _step(
    conflict: Conflict,
    together: Sequence[Sequence[Stated]],
    decided: set[str],
    releases: Releases,
    environments: Sequence[Environment],
) -> tuple[str, Version] | None:
    """The one pin to move because of a conflict, and its version; None when both sides are decided or ranges."""
    pin, demand = conflict.stated, conflict.demand
    if pin.version is not None and pin.package not in decided:
        specifier = SpecifierSet()
        for stated in together:
            specifier &= _asked(pin.package, stated, decided, releases, environments) & _ranges(pin.package, stated)
        version = nearest(pin.version, satisfying(specifier, releases.versions(pin.package)))
        return None if version is None else (pin.package, version)
    if demand.package not in decided and pin.version is not None:
        version = _holder(demand.package, demand.version, pin, releases, environments)
        return None if version is None else (demand.package, version)
    return None


def _asked(
    package: str,
    stated: Sequence[Stated],
    decided: set[str],
    releases: Releases,
    environments: Sequence[Environment],
) -> SpecifierSet:
    """Everything that the decided releases require of a package."""
    specifier = SpecifierSet()
    for holder in stated:
        if holder.version is None or holder.package not in decided:
            continue
        for requirement in releases.requires(holder.package, holder.version):
            extras = holder.requirement.extras
            if canonicalize_name(requirement.name) == package and any(
                holds(requirement, environment, extras) for environment in environments
            ):
                specifier &= requirement.specifier
    return specifier


def _ranges(package: str, stated: Sequence[Stated]) -> SpecifierSet:
    """The ranges that the repository states of a package; its exact pins are what moves."""
    specifier = SpecifierSet()
    for each in stated:
        if each.package == package and each.version is None:
            specifier &= each.requirement.specifier
    return specifier


def nearest(version: Version, candidates: Iterable[Version]) -> Version | None:
    """The newest patch of the lowest release series (major.minor) above `version`, else the newest candidate below."""
    ordered = sorted(candidates)
    above = [each for each in ordered if each > version]
    if not above:
        return ordered[-1] if ordered else None
    return max(each for each in above if each.release[:2] == above[0].release[:2])


def _holder(
    package: str, version: Version, pin: Stated, releases: Releases, environments: Sequence[Environment]
) -> Version | None:
    """The release of a package, nearest to `version`, whose own requirements admit a pin."""
    known = releases.versions(package)
    newer = [each for each in known if each > version]
    older = [each for each in reversed(known) if each < version]
    for candidate in (*islice(newer, MOST_RELEASES_TRIED), *islice(older, MOST_RELEASES_TRIED)):
        asked = [
            requirement
            for requirement in releases.requires(package, candidate)
            if canonicalize_name(requirement.name) == pin.package
            and any(holds(requirement, environment) for environment in environments)
        ]
        if pin.version and all(each.specifier.contains(pin.version, prereleases=True) for each in asked):
            return candidate
    return None
