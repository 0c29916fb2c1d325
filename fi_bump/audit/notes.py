"""What is no conflict and still goes wrong later: open floors on packages known to break, and unreachable members."""

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
    """One thing to know about one place."""

    place: Place
    message: str


class Breakage(NamedTuple):
    """Releases of a package that are known not to work with releases of another, and why (data/breakages.json)."""

    package: str
    versions: SpecifierSet
    breaks_with: Requirement
    reason: str


def known_breakages() -> tuple[Breakage, ...]:
    """What the package's data says."""
    document = json.loads(files("fi_bump").joinpath("data", "breakages.json").read_bytes())
    return tuple(
        Breakage(entry["package"], SpecifierSet(entry["versions"]), Requirement(entry["breaks_with"]), entry["reason"])
        for entry in document
    )


def open_floors(
    stated: Sequence[Stated],
    releases: Releases,
    breakages: Iterable[Breakage],
    environments: Sequence[Environment],
) -> Iterator[Note]:
    """A pinned release that breaks with releases of another package which nothing stated, or required, keeps out."""
    for pin in stated:
        version = pin.version
        for breakage in breakages:
            if version is None or pin.package != breakage.package:
                continue
            if not breakage.versions.contains(version, prereleases=True):
                continue
            chosen = _chosen(pin, breakage.breaks_with, stated, releases, environments)
            if chosen:
                about = f"{breakage.breaks_with.name}{breakage.breaks_with.specifier}"
                message = f"{pin.package} {version} breaks with {about}: {breakage.reason}; "
                yield Note(pin.place, f"{message}nothing here keeps {chosen} out")


def _chosen(
    pin: Stated,
    breaking: Requirement,
    stated: Sequence[Stated],
    releases: Releases,
    environments: Sequence[Environment],
) -> Version | None:
    """The breaking release that an installer chooses beside a pin in one of the environments, the newest admitted."""
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
            # An older breaking one is out of reach.
            if satisfying(breaking.specifier, possible[-1:]):
                return possible[-1]
    return None
