"""Propose which other pins must move with a group, and to which versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from fi_bump.audit.conflicts import Conflict, Environment, Releases, Stated, conflicts, holds, satisfying

# A longer chain of moves is not a bump any more. The second limit bounds the number of requests for metadata.
LONGEST_CHAIN = 8
MOST_RELEASES_TRIED = 12


def propose(
    together: Sequence[Sequence[Stated]],
    fixed: Iterable[str],
    releases: Releases,
    environments: Sequence[Environment],
) -> dict[str, Version] | None:
    """Return the versions that other exact pins need so that nothing conflicts with the `fixed` packages.

    The result is empty without conflicts, and None if no set of moves was found. `together` are the sets of
    requirements that are installed together; a package moves to one version in all of them. Each step resolves one
    conflict by moving a pin that is not fixed yet to the newest patch of the lowest release series that is allowed.
    """
    decided = set(fixed)
    moved: dict[str, Version] = {}
    current = [list(stated) for stated in together]
    for _ in range(LONGEST_CHAIN):
        left = [each for stated in current for each in conflicts(stated, frozenset(decided), releases, environments)]
        if not left:
            return moved
        # A package that demands a decided one has few releases to move to, and its new demands limit the others.
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
    """Return the same exact pin at another version."""
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
    """Return the pin to move because of a conflict, and its version; None if both sides are decided or ranges."""
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
    """Return everything that the decided releases require of a package, as one specifier."""
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
    """Return the repository's ranges for a package as one specifier. Exact pins do not count, because they move."""
    specifier = SpecifierSet()
    for each in stated:
        if each.package == package and each.version is None:
            specifier &= each.requirement.specifier
    return specifier


def nearest(version: Version, candidates: Iterable[Version]) -> Version | None:
    """Return the newest patch of the lowest release series (major.minor) above `version`.

    If no candidate is above it, return the newest one below; None without candidates.
    """
    ordered = sorted(candidates)
    above = [each for each in ordered if each > version]
    if not above:
        return ordered[-1] if ordered else None
    return max(each for each in above if each.release[:2] == above[0].release[:2])


def _holder(
    package: str, version: Version, pin: Stated, releases: Releases, environments: Sequence[Environment]
) -> Version | None:
    """Return the release of a package nearest to `version` whose requirements allow a pin; None if none was found."""
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
