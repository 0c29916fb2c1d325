"""Releases that are known to break something: data/breakages.json, described by schemas/breakages.schema.json."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Set
from functools import cache
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from fi_bump.boundary.reading import read_data


class Breakage(NamedTuple):
    """Releases of a package that break something, alone or beside releases of another package.

    `reason` is a clause for readers. `gpus` are those on which it was seen, empty for any. `issue` is the address of
    the report, None for what this project measured. `good` is the next release that is known to be good. `probe` is the
    probe of the smoke stage that shows the fault, if one does.
    """

    package: str
    versions: SpecifierSet
    breaks_with: Requirement | None
    reason: str
    gpus: tuple[str, ...] = ()
    issue: str | None = None
    good: str | None = None
    probe: str | None = None

    def affects(self, package: str, version: Version) -> bool:
        """Whether it is about this release."""
        return package == self.package and self.versions.contains(version, prereleases=True)

    def message(self, version: Version) -> str:
        """Return what is known of an affected release, as the message of a note."""
        where = f" on {' and '.join(self.gpus)}" if self.gpus else ""
        known = f"{self.package} {version} has a known fault{where}: {self.reason}"
        better = f"; {self.good} is the next good release" if self.good else ""
        return f"{known}{better}{self.source}"

    @property
    def source(self) -> str:
        """The address of the report in parentheses, after a blank; empty without one."""
        return f" ({self.issue})" if self.issue else ""


@cache
def known_breakages() -> tuple[Breakage, ...]:
    """Return the entries of data/breakages.json."""
    document = json.loads(read_data("breakages.json"))
    return tuple(
        Breakage(
            package=entry["package"],
            versions=SpecifierSet(entry["versions"]),
            breaks_with=Requirement(entry["breaks_with"]) if "breaks_with" in entry else None,
            reason=entry["reason"],
            gpus=tuple(entry.get("gpus", ())),
            issue=entry.get("issue"),
            good=entry.get("next"),
            probe=entry.get("probe"),
        )
        for entry in document["breakages"]
    )


def known_failures(package: str, version: Version) -> list[Breakage]:
    """Return the entries about a release that hold whatever else is installed."""
    return [each for each in known_breakages() if each.breaks_with is None and each.affects(package, version)]


def faults_of_probes(probes: Container[str], gpus: Set[str], packages: Mapping[str, str]) -> tuple[str, ...]:
    """Return a message for each entry about these packages that one of the probes shows on one of the GPUs (`sm_90`).

    The message names the release that mends the fault, if one is known, or what to pin.
    """
    versions = _versions(packages)
    return tuple(
        message
        for breakage in known_breakages()
        if breakage.probe in probes and (not breakage.gpus or gpus & {*breakage.gpus})
        for message in _messages(breakage, versions)
    )


def _messages(breakage: Breakage, versions: Mapping[str, Version]) -> Iterator[str]:
    version = versions.get(breakage.package)
    if version is None or not breakage.affects(breakage.package, version):
        return
    if breakage.breaks_with is None:
        yield breakage.message(version)
        return
    name, breaking = canonicalize_name(breakage.breaks_with.name), breakage.breaks_with.specifier
    other = versions.get(name)
    if other is not None and breaking.contains(other, prereleases=True):
        what = f"{breakage.package} {version} is known to break with {name} {other}: {breakage.reason}"
        yield f"{what}; pin a release of {name} that is not {breaking}{breakage.source}"


def _versions(packages: Mapping[str, str]) -> dict[str, Version]:
    """Return the versions by name, without local labels. A text that is not a version is left out."""
    found: dict[str, Version] = {}
    for name, text in packages.items():
        try:
            found[canonicalize_name(name)] = Version(Version(text).public)
        except InvalidVersion:
            continue
    return found
