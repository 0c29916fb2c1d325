"""The one door to `packaging`'s versions: what a version text means. Imported when texts differ or come from a user."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from fi_bump.errors import UsageError
from fi_bump.lock import LONGEST_VERSION


def canonical_version(text: str) -> str:
    """The canonical form of a public PEP 440 version. Raises UsageError for anything else, a local label included."""
    try:
        version = Version(text if len(text) <= LONGEST_VERSION else "too long")
    except InvalidVersion:
        hint = "a version looks like 0.6.11.post2, 0.7.0rc1 or 0.6.9.dev20260101"
        raise UsageError(f"'{text}' is not a PEP 440 version", hint=hint) from None
    if version.local is not None:
        hint = f"write {version.public}; each site keeps its own label"
        raise UsageError(f"'{text}' carries the local label +{version.local}", hint=hint)
    return str(version)


def same_version(left: str, right: str) -> bool:
    """Whether two version texts mean the same release; a number too long for Python to read is no other's equal."""
    try:
        return left == right or Version(left) == Version(right)
    except ValueError:
        return False


def file_version(name: str) -> str | None:
    """The public version in a wheel's or source distribution's file name; None for any other name."""
    try:
        parsed = parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return parsed.public


def admits(specifier: str, version: str) -> bool | None:
    """Whether a range admits a version, pre-releases included; None when the range is not PEP 440."""
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except ValueError:  # InvalidSpecifier is one; a number too long for Python to read is another
        return None


def newer(left: str, right: str) -> bool:
    """Whether `left` comes after `right`."""
    return Version(left) > Version(right)


def newest_first(versions: list[str]) -> list[str]:
    """The versions in falling order."""
    return sorted(versions, key=Version, reverse=True)
