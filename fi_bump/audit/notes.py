"""Warnings that are not conflicts: pinned releases that are known to fail, alone or beside what nothing excludes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from fi_bump.audit.breakages import Breakage, known_failures
from fi_bump.audit.conflicts import Environment, Releases, Stated, demands, holds, satisfying
from fi_bump.pins import Place


class Note(NamedTuple):
    """A warning about one place."""

    place: Place
    message: str


def open_floors(
    stated: Sequence[Stated],
    releases: Releases,
    breakages: Iterable[Breakage],
    environments: Sequence[Environment],
) -> Iterator[Note]:
    """Yield a note for each pinned release that breaks with a release of another package that nothing excludes."""
    for pin in stated:
        version = pin.version
        for breakage in breakages:
            breaking = breakage.breaks_with
            if version is None or breaking is None or not breakage.affects(pin.package, version):
                continue
            chosen = _chosen(pin, breaking, stated, releases, environments)
            if chosen:
                message = (
                    f"{pin.package} {version} breaks with {breaking.name}{breaking.specifier}: {breakage.reason}; "
                )
                yield Note(pin.place, f"{message}nothing here excludes {chosen}{breakage.source}")


def bad_releases(stated: Iterable[Stated]) -> Iterator[Note]:
    """Yield a note for each thing that is known to fail with a pinned release, whatever is installed beside it."""
    for pin in stated:
        if pin.version is not None:
            for breakage in known_failures(pin.package, pin.version):
                yield Note(pin.place, breakage.message(pin.version))


def _chosen(
    pin: Stated,
    breaking: Requirement,
    stated: Sequence[Stated],
    releases: Releases,
    environments: Sequence[Environment],
) -> Version | None:
    """Return the release that an installer would choose next to a pin in some environment, if it is a breaking one.

    An installer chooses the newest release that all requirements allow.
    """
    name = canonicalize_name(breaking.name)
    for environment in environments:
        here = [each for each in stated if holds(each.requirement, environment)]
        if pin not in here:
            continue
        asked = [each.requirement.specifier for each in here if each.package == name]
        asked += [
            demand.requirement.specifier
            for demand in demands(here, releases, environment)
            if canonicalize_name(demand.requirement.name) == name
        ]
        if asked:
            possible = satisfying(reduce(and_, asked), releases.versions(name))
            # Only the newest possible release counts: an installer does not choose an older one.
            if satisfying(breaking.specifier, possible[-1:]):
                return possible[-1]
    return None
