"""Requirements held against each other for the targeted environments. Pure: `Releases` is what an index says."""

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
    """A requirement that a file of the repository states."""

    requirement: Requirement
    place: Place

    @property
    def package(self) -> str:
        """The canonical name."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> Version | None:
        """The one version it admits, when it is an exact pin."""
        return exact_version(self.requirement.specifier)


class Demand(NamedTuple):
    """What `Requires-Dist` of a release asks for; `place` is where that release is pinned."""

    requirement: Requirement
    package: str
    version: Version
    place: Place

    @property
    def by(self) -> str:
        """`flashinfer-python 0.6.11.post2`."""
        return f"{self.package} {self.version}"


class Conflict(NamedTuple):
    """A stated requirement and a demand that no release satisfies together."""

    stated: Stated
    demand: Demand

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: an extra may ask again for what the release itself asks for."""
        return self.stated.place.at_line, self.message

    @property
    def message(self) -> str:
        """Both sides in one line."""
        asked = f"{self.demand.requirement.name}{self.demand.requirement.specifier}"
        return f"{shown(self.stated.requirement)} against {self.demand.by}, which needs {asked}"


class Releases(Protocol):
    """What an index knows of packages."""

    def versions(self, package: str) -> Sequence[Version]:
        """Every release that is not yanked and fits the targets, in rising order; none for an unknown package."""

    def requires(self, package: str, version: Version) -> Sequence[Requirement]:
        """What that release requires; none where it cannot be told."""


def shown(requirement: Requirement) -> str:
    """A requirement without its marker and URL, as `name[extra]==V`."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def exact_version(specifier: SpecifierSet) -> Version | None:
    """The version of a lone `==V` or `===V` without a wildcard, its local label left out."""
    clauses = list(specifier)
    if len(clauses) != 1 or clauses[0].operator not in ("==", "===") or clauses[0].version.endswith(".*"):
        return None
    return Version(Version(clauses[0].version).public)


def holds(requirement: Requirement, environment: Environment, extras: Iterable[str] = ()) -> bool:
    """Whether a requirement's marker is true in an environment, for one of the extras or for none."""
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def extras_of(package: str, stated: Iterable[Stated]) -> frozenset[str]:
    """The extras that the repository asks of a package."""
    return frozenset(extra for each in stated if each.package == package for extra in each.requirement.extras)


def satisfying(specifier: SpecifierSet, versions: Iterable[Version]) -> list[Version]:
    """The versions that a specifier admits; pre-releases only where it names one or there is nothing else."""
    return list(specifier.filter(versions))


def disagree(stated: Requirement, asked: Requirement, releases: Releases) -> bool:
    """Whether no release satisfies both: of an exact pin its own version, of a range any release there is.

    Two lower bounds always agree in some release to come, and no index is asked about them.
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
    """What the exactly pinned releases among `stated` require and another of the statements rules out.

    Only conflicts with a concerned package on either side count: the rest of the repository is not ours to judge.
    Sorted by place.
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
    """What the exactly pinned releases require in an environment, with the extras that are asked of them."""
    for each in stated:
        if each.version is None:
            continue
        extras = extras_of(each.package, stated)
        for requirement in releases.requires(each.package, each.version):
            if holds(requirement, environment, extras):
                yield Demand(requirement, each.package, each.version, each.place)


def _order(conflict: Conflict) -> tuple[str, int, str]:
    place = conflict.stated.place
    return place.path, place.line, conflict.demand.by
