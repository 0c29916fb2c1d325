"""Warnings that are not conflicts: a pinned release that is known to break with versions that nothing excludes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from importlib.resources import files
from operator import and_
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from fi_bump.audit.conflicts import Environment, Releases, Stated, demands, holds, satisfying
from fi_bump.pins import Place


class Note(NamedTuple):
    """A warning about one place."""

    place: Place
    message: str


class Breakage(NamedTuple):
    """Releases of a package that do not work with some releases of another, and why (from data/breakages.json).

    `breaks_with` is None for releases that do not work with anything.
    """

    package: str
    versions: SpecifierSet
    breaks_with: Requirement | None
    reason: str


def known_breakages() -> tuple[Breakage, ...]:
    """Return the entries of data/breakages.json."""
    document = json.loads(files("fi_bump").joinpath("data", "breakages.json").read_bytes())
    return tuple(
        Breakage(
            entry["package"],
            SpecifierSet(entry["versions"]),
            Requirement(entry["breaks_with"]) if "breaks_with" in entry else None,
            entry["reason"],
        )
        for entry in document
    )


def open_floors(
    stated: Sequence[Stated],
    releases: Releases,
    breakages: Iterable[Breakage],
    environments: Sequence[Environment],
) -> Iterator[Note]:
    """Yield a note for each pinned release that is known to be bad.

    One that breaks with releases of another package gets a note only if nothing excludes them.
    """
    for pin in stated:
        version = pin.version
        for breakage in breakages:
            if version is None or pin.package != breakage.package:
                continue
            if not breakage.versions.contains(version, prereleases=True):
                continue
            if breakage.breaks_with is None:
                yield Note(pin.place, f"{pin.package} {version} is known to be bad: {breakage.reason}")
                continue
            chosen = _chosen(pin, breakage.breaks_with, stated, releases, environments)
            if chosen:
                about = f"{breakage.breaks_with.name}{breakage.breaks_with.specifier}"
                message = f"{pin.package} {version} breaks with {about}: {breakage.reason}; "
                yield Note(pin.place, f"{message}nothing here excludes {chosen}")


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
