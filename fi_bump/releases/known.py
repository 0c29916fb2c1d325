"""The releases of a lock's members as their indexes have them: what all commands that go online ask."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.version import Version

from fi_bump.index.address import redacted
from fi_bump.index.cache import UNCHANGING
from fi_bump.index.client import Client, in_background, newest, wheel_for_metadata
from fi_bump.index.model import File, Project
from fi_bump.index.targets import Targets, targets_of, unfit
from fi_bump.lock import Group, Lock, Member
from fi_bump.scanning import files
from fi_bump.untrusted import table


class MemberRelease(NamedTuple):
    """What a member's index has of one version; `refused` is why that does not do, `missing` that there is nothing."""

    member: Member
    project: Project
    files: tuple[File, ...]
    refused: str | None
    missing: bool

    @property
    def message(self) -> str:
        """`flashinfer-cubin 0.6.14 is not on INDEX, where the newest is 0.6.13`."""
        return f"{self.member.name} {self.refused}"


class Terms(NamedTuple):
    """What a release may be: `--allow-yanked`, `--allow-prerelease`."""

    yanked: bool = False
    prerelease: bool = False


class Known:
    """Answers about packages, each asked once a run: members on their own index, all others on the default."""

    def __init__(self, client: Client, indexes: Sequence[str], lock: Lock, targets: Targets, terms: Terms) -> None:
        self.client = client
        self.indexes = tuple(indexes)
        self.targets = targets
        self.terms = terms
        self._usable: dict[str, list[Version]] = {}
        self._requires: dict[tuple[str, Version], tuple[Requirement, ...]] = {}
        self._members = {member.name: member for group in lock.groups for member in group.packages}
        self._ahead: dict[str, Future[Project]] = {}

    def project(self, package: str, *, anew: bool = False) -> Project:
        """A package on the index that serves it."""
        member = self._members.get(package)
        own = member.index_urls if member and member.index_urls else self.indexes
        return self.client.project(package, own, anew=anew)

    def ask_ahead(self, packages: Iterable[str]) -> None:
        """Start asking anew about packages, and come back: `asked_anew` has the answers."""
        for package in packages:
            self._ahead[package] = in_background(lambda name: self.project(name, anew=True), package)

    def asked_anew(self, package: str) -> Project:
        """A package as its index has it now."""
        ahead = self._ahead.get(package)
        return self.project(package, anew=True) if ahead is None else ahead.result()

    def label(self, package: str) -> str | None:
        """The local label of a member's releases."""
        member = self._members.get(package)
        return member.label if member else None

    def files(self, package: str, version: Version) -> tuple[File, ...]:
        """The files of a release."""
        return self.project(package).of(version, self.label(package))

    def usable(self, package: str) -> list[Version]:
        """The versions of a package that are not yanked and fit the targets, in rising order."""
        if package not in self._usable:
            project, label = self.project(package), self.label(package)
            by_version: dict[str, list[File]] = {}
            for file in project.files:
                if file.version.local == label:
                    by_version.setdefault(file.version.public, []).append(file)
            fit = [version for version, files in by_version.items() if self._refused(tuple(files)) is None]
            self._usable[package] = sorted(map(Version, fit))
        return self._usable[package]

    def versions(self, package: str) -> list[Version]:
        """As `usable`; the face that the audit sees."""
        return self.usable(package)

    def requires(self, package: str, version: Version) -> tuple[Requirement, ...]:
        """What a release requires; nothing for one without a wheel or that is not there."""
        key = (package, version)
        if key not in self._requires:
            self._requires[key] = self._kept_requires(package, version)
        return self._requires[key]

    def _kept_requires(self, package: str, version: Version) -> tuple[Requirement, ...]:
        """What a release requires, kept under its name: it never changes, and its page need not be read for it."""
        member = self._members.get(package)
        source = " ".join(map(redacted, member.index_urls if member and member.index_urls else self.indexes))
        name = f"requires {source} {package} {version} {self.label(package)}"
        cache = self.client.http.cache
        kept = cache.get(name)
        if kept is not None:
            return tuple(map(Requirement, json.loads(kept.body)))
        wheel = wheel_for_metadata(self.files(package, version))
        if wheel is None:
            return ()
        requires = self.client.metadata(wheel).requires
        cache.put(name, {"cache-control": UNCHANGING}, json.dumps([str(each) for each in requires]).encode())
        return requires

    def standing(self, member: Member, version: Version) -> MemberRelease:
        """How a member stands at a version."""
        project = self.project(member.name)
        files = project.of(version, member.label)
        where = project.index_url
        if not files:
            label = f"+{member.label}" if member.label else ""
            known = _newest_known(project, member.label, self.terms.prerelease)
            return MemberRelease(member, project, (), f"{version}{label} is not on {where}, {known}", True)
        refused = self._refused(files)
        return MemberRelease(member, project, files, f"{version} on {where} {refused}" if refused else None, False)

    def standings(self, members: Iterable[Member], version: Version) -> list[MemberRelease]:
        """How several members stand at a version, asked at once."""
        return self.client.each(lambda member: self.standing(member, version), members)

    def _refused(self, files: tuple[File, ...]) -> str | None:
        """Why a release's files do not do, or None."""
        left = files if self.terms.yanked else tuple(file for file in files if file.yanked is None)
        if not left:
            reason = next((file.yanked for file in files if file.yanked), "")
            return f"is yanked: {reason}" if reason else "is yanked"
        return unfit(left, self.targets)

    def common(self, members: Iterable[Member]) -> Version | None:
        """The newest version that every one of the members has."""
        sets = [set(self.usable(member.name)) for member in members]
        return newest(set.intersection(*sets), prereleases=self.terms.prerelease) if sets else None


def _newest_known(project: Project, label: str | None, prereleases: bool) -> str:
    """What an index has of a package instead of the release that was asked for."""
    if not project.files:
        return "which does not know it at all"
    best = newest(project.versions(label), prereleases=prereleases)
    if best:
        return f"where the newest is {best}{f'+{label}' if label else ''}"
    labels = sorted({file.version.local for file in project.files if file.version.local})
    others = f"only such with +{', +'.join(labels[:5])}" if labels else "only such without a label"
    return f"which has no release {f'with +{label}' if label else 'without a label'}, {others}"


def asked_members(known: Known, group: Group, named: Iterable[str]) -> tuple[list[Member], list[Member]]:
    """The members whose releases count, and those that are left out.

    A member counts unless its index does not know it at all, the lock gives it no index of its own, and no
    requirement names it: a family lists every package it may have, not every one that a repository uses. All are asked
    anew: nothing is said of a release because of a kept answer.
    """
    named = set(named)
    projects = known.client.each(lambda member: known.asked_anew(member.name), group.packages)
    asked: list[Member] = []
    left: list[Member] = []
    for member, project in zip(group.packages, projects, strict=True):
        counts = project.files or member.index_urls or member.label or member.name in named
        (asked if counts else left).append(member)
    return asked, left


def release_files(standing: MemberRelease) -> tuple[tuple[str, str], ...]:
    """What the lock records of a release: each file that has a sha256."""
    return tuple(sorted((file.name, f"sha256:{file.sha256}") for file in standing.files if file.sha256))


def targets(root: str) -> Targets:
    """What the repository's releases must fit."""
    return targets_of(requires_python(root))


def requires_python(root: str) -> str | None:
    """What the repository's pyproject.toml says of Pythons."""
    source = files.read_optional(root, "pyproject.toml")
    try:
        document = tomllib.loads(source.data.decode("utf-8-sig")) if source else {}
    except ValueError:
        return None
    value = table(document, "project").get("requires-python")
    return value if isinstance(value, str) else None
