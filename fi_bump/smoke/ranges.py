"""Versions for a sweep: which ones a wheel's metadata allows, and which range to pin."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from fi_bump.errors import UsageError, explained
from fi_bump.records import TYPE_CHECKING
from fi_bump.smoke.model import SweptRelease

if TYPE_CHECKING:
    from fi_bump.releases.known import Known


def wheels(folder: str, package: str | None = None) -> list[str]:
    """Return the sorted names of the wheel files in a folder, of one package or of all. Raises FileError."""
    with explained(folder, "cannot be read"):
        names = sorted(os.listdir(folder))
    return [name for name in names if _name(name) is not None and package in (None, _name(name))]


def _name(filename: str) -> str | None:
    try:
        return str(parse_wheel_filename(filename)[0])
    except (InvalidWheelFilename, InvalidVersion):
        return None


def wheel_version(filename: str) -> str:
    """Return the version in the name of a wheel file from `wheels`."""
    return str(parse_wheel_filename(filename)[1])


def ascending(versions: Iterable[str]) -> tuple[str, ...]:
    """Return versions in their order: 2.9.0 before 2.11.0."""
    return tuple(sorted(versions, key=Version))


def parse_sweep(text: str) -> tuple[str, tuple[str, ...]]:
    """Parse `PACKAGE` or `PACKAGE==V,…` into the canonical name and the versions. Raises UsageError."""
    name, equals, listed = text.partition("==")
    versions = [part.strip().removeprefix("==") for part in listed.split(",")] if equals else []
    try:
        canonical = canonicalize_name(name.strip(), validate=True)
        return canonical, tuple(dict.fromkeys(str(Version(version)) for version in versions))
    except ValueError:
        hint = "give --sweep PACKAGE or PACKAGE==VERSION,…"
        raise UsageError(f"'{text}' does not name a package and its releases", hint=hint) from None


def admitted(requires: Mapping[str, Iterable[str]], package: str, markers: Mapping[str, str]) -> str:
    """Return the installed wheels' specifiers for a package, joined by commas; empty if they do not require it."""
    specifiers = SpecifierSet()
    for line in (line for lines in requires.values() for line in lines):
        try:
            requirement = Requirement(line)
            applies = requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""})
        except (InvalidRequirement, ValueError):
            continue  # an invalid line must not hide the others
        if applies and canonicalize_name(requirement.name) == package:
            specifiers &= requirement.specifier
    return ",".join(sorted(map(str, specifiers), reverse=True))


def is_limited(known: Known, holder: str, version: str, package: str) -> bool | None:
    """Whether a release's metadata on its index has a specifier for a package; None if the index has no metadata of it.

    Raises PackageIndexError.
    """
    requires = known.requires(holder, Version(version))
    return bool(admitted({holder: map(str, requires)}, package, {})) if requires else None


def name_of(requirement: str) -> str:
    """Return the canonical name in a requirement. Raises UsageError for a text that is not a requirement."""
    try:
        return str(canonicalize_name(Requirement(requirement).name))
    except InvalidRequirement:
        hint = "give --with a requirement like NAME==VERSION"
        raise UsageError(f"'{requirement}' is not a requirement", hint=hint) from None


def within(specifier: str, versions: Iterable[str]) -> list[str]:
    """Return the final releases among `versions` that a specifier allows, oldest first, without local labels."""
    wanted = SpecifierSet(specifier)
    parsed = {version for version in map(_public, versions) if version is not None and not version.is_prerelease}
    return [str(version) for version in sorted(parsed) if wanted.contains(version)]


def _public(text: str) -> Version | None:
    try:
        return Version(Version(text).public)
    except InvalidVersion:
        return None


def range_to_pin(package: str, releases: Sequence[SweptRelease], pinned: str | None = None) -> str | None:
    """Return the range of one block of consecutive working releases; None if no release works.

    It is the block with the repository's pin, if that works, else the newest block. Of the tried releases the range
    allows only those of the block.
    """
    ordered = sorted(releases, key=lambda release: Version(release.version))
    runs: list[tuple[int, int]] = []
    for place, release in enumerate(ordered):
        if not release.survives:
            continue
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    if not runs:
        return None
    own = None if pinned is None else Version(pinned)
    holding = [(first, last) for first, last in runs if own in [Version(r.version) for r in ordered[first : last + 1]]]
    first, last = (holding or runs)[-1]
    upper = f",<{_short(ordered[last + 1].version)}" if last + 1 < len(ordered) else ""
    return f"{package}>={ordered[first].version}{upper}"


def _short(version: str) -> str:
    """Shorten an upper bound: `4.6` for 4.6.0, with at least two numbers; return other forms unchanged."""
    parsed = Version(version)
    numbers = list(parsed.release)
    if parsed.is_prerelease or parsed.is_postrelease or parsed.epoch:
        return version
    while len(numbers) > 2 and numbers[-1] == 0:
        numbers.pop()
    return ".".join(map(str, numbers))


def inside(range_: str, version: str) -> bool:
    """Return whether a range from `range_to_pin` allows a version."""
    return Requirement(range_).specifier.contains(version, prereleases=True)


def keeps_to(range_: str, specifier: str, versions: Iterable[str]) -> bool:
    """Return whether all of `versions` that the repository's specifier allows are inside `range_`."""
    own = SpecifierSet(specifier)
    return all(inside(range_, version) for version in versions if own.contains(version, prereleases=True))
