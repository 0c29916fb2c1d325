"""What the repository itself pins of the packages that probes depend on: its torch, its DSL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fi_bump.lock import Group, Lock, Member
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan, scan
from fi_bump.smoke.model import RepositoryPin, SweptRelease
from fi_bump.smoke.ranges import inside, keeps_to


class Pins(NamedTuple):
    """Where a repository pins a package: places with an exact version, and places with a range."""

    exact: tuple[tuple[str, str], ...]
    ranges: tuple[tuple[str, str], ...]

    def judged(self, chosen: str | None, tried: Sequence[SweptRelease]) -> tuple[RepositoryPin, ...]:
        """Each place beside the range found: a range of the repository's must admit no tried release outside it."""
        versions = [release.version for release in tried]
        exact = [RepositoryPin(place, v, chosen is not None and inside(chosen, v)) for place, v in self.exact]
        ranges = [
            RepositoryPin(place, text, chosen is not None and keeps_to(chosen, text, versions))
            for place, text in self.ranges
        ]
        return (*exact, *ranges)


def pins_of(repository: Repository, package: str) -> Pins:
    """Where the repository pins a package, whether or not its lock knows it."""
    found = _found(repository, [package])
    exact = [(str(pin.place), pin.version) for pin in found.pins]
    ranges = [(str(floor.place), floor.specifier) for floor in found.floors]
    return Pins(tuple(exact), tuple(ranges))


def versions_of(repository: Repository, packages: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The versions, without local labels, that the repository pins each package at; none for most."""
    versions: dict[str, set[str]] = {package: set() for package in packages}
    if versions:
        for pin in _found(repository, versions).pins:
            versions[pin.subject].add(pin.version)
    return {package: tuple(sorted(pinned)) for package, pinned in versions.items()}


def _found(repository: Repository, packages: Iterable[str]) -> Scan:
    """What stands in the repository of the packages, all of them looked for at once."""
    groups = tuple(Group(package, "0", (Member(package),)) for package in packages)
    return scan(repository.root, Lock(groups, repository.lock.exclude))
