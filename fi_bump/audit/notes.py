"""What is no conflict and still goes wrong later: open floors on packages known to break, and unreachable members."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from fi_bump.audit.conflicts import Releases, Stated, satisfying


class Note(NamedTuple):
    """One thing to know; `place` is `path:line`, `columns` as in `Stated`."""

    place: str
    message: str
    columns: tuple[int, int] = (1, 1)


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


def open_floors(stated: Sequence[Stated], releases: Releases, breakages: Iterable[Breakage]) -> Iterator[Note]:
    """A pinned release that breaks with releases of another package which nothing stated keeps out."""
    for pin in stated:
        version = pin.version
        for breakage in breakages:
            if version is None or pin.package != breakage.package:
                continue
            if not breakage.versions.contains(version, prereleases=True):
                continue
            admitted = _admitted(pin, version, breakage.breaks_with, stated, releases)
            if admitted:
                about = f"{breakage.breaks_with.name}{breakage.breaks_with.specifier}"
                message = f"{pin.package} {version} breaks with {about}: {breakage.reason}; "
                yield Note(pin.place, f"{message}nothing here keeps {admitted[-1]} out", pin.columns)


def _admitted(
    pin: Stated, version: Version, breaking: Requirement, stated: Sequence[Stated], releases: Releases
) -> list[Version]:
    """The breaking releases that an installer may choose."""
    name = canonicalize_name(breaking.name)
    specifier = SpecifierSet()
    asked = [each.requirement for each in stated if each.package == name]
    asked += [each for each in releases.requires(pin.package, version) if canonicalize_name(each.name) == name]
    for requirement in asked:
        specifier &= requirement.specifier
    possible = satisfying(specifier, releases.versions(name))
    # An installer takes the newest of them: an older breaking one is out of reach.
    return satisfying(breaking.specifier, possible[-1:]) if asked else []
