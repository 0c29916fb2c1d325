"""What a wheel's metadata admits and which range to pin: with `fi_bump.versions`, a door to `packaging`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from fi_bump.errors import UsageError, explained
from fi_bump.smoke.model import SweptRelease


def wheels(folder: str, package: str | None = None) -> list[str]:
    """The names of the wheel files in a folder, of one package or of all, sorted. Raises FileError."""
    with explained(folder, "cannot be read"):
        names = sorted(os.listdir(folder))
    return [name for name in names if _name(name) is not None and package in (None, _name(name))]


def _name(filename: str) -> str | None:
    try:
        return str(parse_wheel_filename(filename)[0])
    except (InvalidWheelFilename, InvalidVersion):
        return None


def wheel_version(filename: str) -> str:
    """The version in the name of a wheel file of `wheels`."""
    return str(parse_wheel_filename(filename)[1])


def parse_sweep(text: str) -> tuple[str, tuple[str, ...]]:
    """`PACKAGE` or `PACKAGE==V,…`: the canonical name, and the versions named. Raises UsageError."""
    name, equals, listed = text.partition("==")
    versions = [part.strip().removeprefix("==") for part in listed.split(",")] if equals else []
    try:
        canonical = canonicalize_name(name.strip(), validate=True)
        return canonical, tuple(dict.fromkeys(str(Version(version)) for version in versions))
    except ValueError:
        raise UsageError(f"'{text}' names no releases", hint="--sweep takes PACKAGE or PACKAGE==VERSION,…") from None


def admitted(requires: Mapping[str, Iterable[str]], package: str, markers: Mapping[str, str]) -> str:
    """What the installed wheels say of a package, their specifiers joined; empty when they say nothing."""
    specifiers = SpecifierSet()
    for line in (line for lines in requires.values() for line in lines):
        try:
            requirement = Requirement(line)
            applies = requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""})
        except (InvalidRequirement, ValueError):
            continue  # One unreadable line must not hide what the others say.
        if applies and canonicalize_name(requirement.name) == package:
            specifiers &= requirement.specifier
    return ",".join(sorted(map(str, specifiers), reverse=True))


def name_of(requirement: str) -> str:
    """The canonical name in a requirement. Raises UsageError for what is none."""
    try:
        return str(canonicalize_name(Requirement(requirement).name))
    except InvalidRequirement:
        raise UsageError(f"'{requirement}' is no requirement", hint="--with takes NAME==VERSION or the like") from None


def within(specifier: str, versions: Iterable[str]) -> list[str]:
    """The final releases among `versions` that a specifier admits, in rising order, without local labels."""
    wanted = SpecifierSet(specifier)
    parsed = {version for version in map(_public, versions) if version is not None and not version.is_prerelease}
    return [str(version) for version in sorted(parsed) if wanted.contains(version)]


def _public(text: str) -> Version | None:
    try:
        return Version(Version(text).public)
    except InvalidVersion:
        return None


def range_to_pin(package: str, releases: Sequence[SweptRelease], pinned: str | None = None) -> str | None:
    """The range that admits one unbroken run of surviving releases, and of those tried no other.

    It is the run that holds the repository's own pin, where that survives, else the newest. None without a survivor.
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
    """A bound as people write it: `4.6` for 4.6.0, at least two numbers; other forms as they are."""
    parsed = Version(version)
    numbers = list(parsed.release)
    if parsed.is_prerelease or parsed.is_postrelease or parsed.epoch:
        return version
    while len(numbers) > 2 and numbers[-1] == 0:
        numbers.pop()
    return ".".join(map(str, numbers))


def inside(range_: str, version: str) -> bool:
    """Whether a range of `range_to_pin` admits a version."""
    return Requirement(range_).specifier.contains(version, prereleases=True)


def keeps_to(range_: str, specifier: str, versions: Iterable[str]) -> bool:
    """Whether a range that the repository writes admits, of `versions`, none outside `range_`."""
    own = SpecifierSet(specifier)
    return all(inside(range_, version) for version in versions if own.contains(version, prereleases=True))
