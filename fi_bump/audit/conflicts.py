"""Find conflicts between requirements in the target environments. Pure: `Releases` stands for the indexes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from fi_bump.pins import Place

Environment = dict[str, str]


class Stated(NamedTuple):
    """A requirement in a file of the repository."""

    requirement: Requirement
    place: Place

    @property
    def package(self) -> str:
        """The package's canonical name."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> Version | None:
        """The pinned version, or None if the requirement is not an exact pin."""
        return exact_version(self.requirement.specifier)


class Demand(NamedTuple):
    """A requirement of a pinned release (its `Requires-Dist`). `place` is where the repository pins the release."""

    requirement: Requirement
    package: str
    version: Version
    place: Place

    @property
    def by(self) -> str:
        """The release that demands it, like `flashinfer-python 0.6.11.post2`."""
        return f"{self.package} {self.version}"


class Conflict(NamedTuple):
    """A requirement of the repository and a demand of a release, which no version satisfies both."""

    stated: Stated
    demand: Demand

    @property
    def key(self) -> tuple[str, str]:
        """The conflict's identity. A release and one of its extras may make the same demand."""
        return self.stated.place.at_line, self.message

    @property
    def message(self) -> str:
        """Both sides of the conflict on one line."""
        asked = f"{self.demand.requirement.name}{self.demand.requirement.specifier}"
        return f"{shown(self.stated.requirement)} conflicts with {self.demand.by}, which needs {asked}"


class Releases(Protocol):
    """The releases of packages on the indexes."""

    def versions(self, package: str) -> Sequence[Version]:
        """Return every release that is not yanked and fits the targets, oldest first; none for an unknown package."""

    def requires(self, package: str, version: Version) -> Sequence[Requirement]:
        """Return the release's requirements; none if they are not known."""


def shown(requirement: Requirement) -> str:
    """Return a requirement without its marker and URL, as `name[extra]==V`."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def exact_version(specifier: SpecifierSet) -> Version | None:
    """Return the version of a single `==V` or `===V` without a wildcard, without its local label; None otherwise."""
    clauses = list(specifier)
    if len(clauses) != 1 or clauses[0].operator not in ("==", "===") or clauses[0].version.endswith(".*"):
        return None
    return Version(Version(clauses[0].version).public)


def holds(requirement: Requirement, environment: Environment, extras: Iterable[str] = ()) -> bool:
    """Return whether a requirement's marker is true in an environment, with one of the extras or with none."""
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def satisfying(specifier: SpecifierSet, versions: Iterable[Version]) -> list[Version]:
    """Return the versions that a specifier allows; pre-releases only if it names one or there are no others."""
    return list(specifier.filter(versions))


def disagree(stated: Requirement, asked: Requirement, releases: Releases) -> bool:
    """Return whether no release satisfies both requirements.

    For an exact pin only its version counts, for a range every existing release. Two lower bounds never disagree,
    because a future release can satisfy both; the indexes are not asked about them.
    """
    version = exact_version(stated.specifier)
    if version is not None:
        return not asked.specifier.contains(version, prereleases=True)
    both = stated.specifier & asked.specifier
    if all(clause.operator in (">", ">=", "!=") for clause in both):
        return False
    known = releases.versions(canonicalize_name(stated.name))
    return both.is_unsatisfiable() if not known else not satisfying(both, known)


def conflicts(
    stated: Sequence[Stated],
    concerned: frozenset[str],
    releases: Releases,
    environments: Iterable[Environment],
) -> list[Conflict]:
    """Return the conflicts between `stated` and the demands of the exactly pinned releases in it, sorted by place.

    A conflict counts only if one of its two packages is in `concerned`; others do not concern the lock.
    """
    found: dict[tuple[str, str], Conflict] = {}
    for environment in environments:
        here = [each for each in stated if holds(each.requirement, environment)]
        by_name: dict[str, list[Stated]] = {}
        for each in here:
            by_name.setdefault(each.package, []).append(each)
        for demand in demands(here, releases, environment):
            name = canonicalize_name(demand.requirement.name)
            for each in by_name.get(name, ()):
                if concerned.isdisjoint((name, demand.package)):
                    continue
                if disagree(each.requirement, demand.requirement, releases):
                    conflict = Conflict(each, demand)
                    found.setdefault(conflict.key, conflict)
    return sorted(found.values(), key=_order)


def demands(stated: Sequence[Stated], releases: Releases, environment: Environment) -> Iterator[Demand]:
    """Yield the demands of the exactly pinned releases in an environment, including those of the required extras."""
    extras: dict[str, list[str]] = {}
    for each in stated:
        if each.requirement.extras:
            extras.setdefault(each.package, []).extend(each.requirement.extras)
    for each in stated:
        package, version = each.package, each.version
        if version is None:
            continue
        for requirement in releases.requires(package, version):
            if holds(requirement, environment, extras.get(package, ())):
                yield Demand(requirement, package, version, each.place)


def _order(conflict: Conflict) -> tuple[str, int, str]:
    place = conflict.stated.place
    return place.path, place.line, conflict.demand.by
