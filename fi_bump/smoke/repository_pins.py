"""Find the repository's own pins of packages that probes depend on, such as torch and nvidia-cutlass-dsl."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fi_bump.lock.records import Group, Lock, Member
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan, scan
from fi_bump.smoke.model import RepositoryPin, SweptRelease
from fi_bump.smoke.ranges import ascending, inside, keeps_to


class Pins(NamedTuple):
    """The places where a repository pins a package, as (place, version) and (place, range) pairs."""

    exact: tuple[tuple[str, str], ...]
    ranges: tuple[tuple[str, str], ...]

    def judged(self, chosen: str | None, tried: Sequence[SweptRelease]) -> tuple[RepositoryPin, ...]:
        """Return each place with whether it fits the range that a sweep found.

        A range of the repository fits if it allows no tried release outside the found range.
        """
        versions = [release.version for release in tried]
        exact = [RepositoryPin(place, v, chosen is not None and inside(chosen, v)) for place, v in self.exact]
        ranges = [
            RepositoryPin(place, text, chosen is not None and keeps_to(chosen, text, versions))
            for place, text in self.ranges
        ]
        return (*exact, *ranges)


def pins_of(repository: Repository, package: str) -> Pins:
    """Return where the repository pins a package, also if the package is not in its lock."""
    found = _found(repository, [package])
    exact = [(str(pin.place), pin.version) for pin in found.pins]
    ranges = [(str(floor.place), floor.specifier) for floor in found.floors]
    return Pins(tuple(exact), tuple(ranges))


def versions_of(repository: Repository, packages: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the versions, without local labels, at which the repository pins each package; often none."""
    versions: dict[str, set[str]] = {package: set() for package in packages}
    if versions:
        for pin in _found(repository, versions).pins:
            versions[pin.subject].add(pin.version)
    return {package: ascending(pinned) for package, pinned in versions.items()}


def _found(repository: Repository, packages: Iterable[str]) -> Scan:
    """Scan the repository once for all of the packages."""
    groups = tuple(Group(package, "0", (Member(package),)) for package in packages)
    return scan(repository.root, Lock(groups, repository.lock.exclude))
