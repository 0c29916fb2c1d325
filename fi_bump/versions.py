"""Versions as `packaging` reads them. Imported only if version texts differ or come from a user."""

from __future__ import annotations

from functools import lru_cache

from packaging.version import InvalidVersion, Version

from fi_bump.errors import UsageError
from fi_bump.lock.fields import LONGEST_VERSION


def canonical_version(text: str) -> str:
    """Return the canonical form of a public PEP 440 version. Raises UsageError for any other text or a local label."""
    try:
        version = Version(text if len(text) <= LONGEST_VERSION else "too long")
    except InvalidVersion:
        hint = "a version looks like 0.6.11.post2, 0.7.0rc1 or 0.6.9.dev20260101"
        raise UsageError(f"'{text}' is not a PEP 440 version", hint=hint) from None
    if version.local is not None:
        hint = f"write {version.public}; each site keeps its own label"
        raise UsageError(f"'{text}' contains the local label +{version.local}", hint=hint)
    return str(version)


# A move of thousands of pins asks the same few questions for each.
@lru_cache(maxsize=1024)
def same_version(left: str, right: str) -> bool:
    """Whether two version texts mean the same release; a number too long for Python equals no other."""
    try:
        return left == right or Version(left) == Version(right)
    except ValueError:
        return False


def file_version(name: str) -> str | None:
    """Return the public version in the file name of a wheel or source distribution; None for any other name."""
    # Here and below: the import takes longer than most commands need for their versions.
    from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

    try:
        parsed = parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return parsed.public


def admits(specifier: str, version: str) -> bool | None:
    """Whether a range admits a version, pre-releases included; None if the range is not PEP 440."""
    from packaging.specifiers import SpecifierSet

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except ValueError:  # InvalidSpecifier is a ValueError; so is the error for a number too long for Python.
        return None


def newer(left: str, right: str) -> bool:
    """Whether `left` is newer than `right`."""
    return Version(left) > Version(right)


def newest_first(versions: list[str]) -> list[str]:
    """Return the versions in falling order."""
    return sorted(versions, key=Version, reverse=True)
