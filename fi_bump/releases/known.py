"""The releases of a lock's members on their package indexes, for every command that goes online."""

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
    """One version of a member on its index; `refused` is why it cannot be used, `missing` whether there is no file."""

    member: Member
    project: Project
    files: tuple[File, ...]
    refused: str | None
    missing: bool

    @property
    def message(self) -> str:
        """The refusal as a message: `flashinfer-cubin 0.6.14 is not on INDEX, where the newest is 0.6.13`."""
        return f"{self.member.name} {self.refused}"


class Terms(NamedTuple):
    """Which releases are accepted: `--allow-yanked`, `--allow-prerelease`."""

    yanked: bool = False
    prerelease: bool = False


class Known:
    """Answers about packages, each asked once per run: members on their own index, other packages on the default."""

    def __init__(self, client: Client, indexes: Sequence[str], lock: Lock, targets: Targets, terms: Terms) -> None:
        self.client = client
        self.indexes = tuple(indexes)
        self.targets = targets
        self.terms = terms
        self._usable: dict[str, list[Version]] = {}
        self._requires: dict[tuple[str, Version], tuple[Requirement, ...]] = {}
        self._members = {member.name: member for group in lock.groups for member in group.packages}
        self._prefetched: dict[str, Future[Project]] = {}

    def project(self, package: str, *, revalidate: bool = False) -> Project:
        """Return a package from its index; with `revalidate`, ask the index even if the cache is fresh."""
        member = self._members.get(package)
        own = member.index_urls if member and member.index_urls else self.indexes
        return self.client.project(package, own, revalidate=revalidate)

    def prefetch(self, packages: Iterable[str]) -> None:
        """Start asking the indexes about packages and return at once; `revalidated` returns the answers."""
        for package in packages:
            self._prefetched[package] = in_background(lambda name: self.project(name, revalidate=True), package)

    def revalidated(self, package: str) -> Project:
        """Return a package as its index has it now."""
        prefetched = self._prefetched.get(package)
        return self.project(package, revalidate=True) if prefetched is None else prefetched.result()

    def label(self, package: str) -> str | None:
        """Return the local version label of a member's releases, or None."""
        member = self._members.get(package)
        return member.label if member else None

    def files(self, package: str, version: Version) -> tuple[File, ...]:
        """Return the files of a release."""
        return self.project(package).of(version, self.label(package))

    def usable(self, package: str) -> list[Version]:
        """Return the versions of a package that are not yanked and fit the targets, in rising order."""
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
        """Return `usable`, under the name that the audit expects."""
        return self.usable(package)

    def requires(self, package: str, version: Version) -> tuple[Requirement, ...]:
        """Return a release's requirements; none for a release without a wheel and for a missing one."""
        key = (package, version)
        if key not in self._requires:
            self._requires[key] = self._cached_requires(package, version)
        return self._requires[key]

    def _cached_requires(self, package: str, version: Version) -> tuple[Requirement, ...]:
        """Return a release's requirements from the cache under its name, without its page, since they never change."""
        member = self._members.get(package)
        source = " ".join(map(redacted, member.index_urls if member and member.index_urls else self.indexes))
        name = f"requires {source} {package} {version} {self.label(package)}"
        cache = self.client.http.cache
        cached = cache.get(name)
        if cached is not None:
            return tuple(map(Requirement, json.loads(cached.body)))
        wheel = wheel_for_metadata(self.files(package, version))
        if wheel is None:
            return ()
        requires = self.client.metadata(wheel).requires
        cache.put(name, {"cache-control": UNCHANGING}, json.dumps([str(each) for each in requires]).encode())
        return requires

    def member_release(self, member: Member, version: Version) -> MemberRelease:
        """Return one version of a member on its index, and whether it can be used."""
        project = self.project(member.name)
        files = project.of(version, member.label)
        where = project.index_url
        if not files:
            label = f"+{member.label}" if member.label else ""
            known = _newest_known(project, member.label, self.terms.prerelease)
            return MemberRelease(member, project, (), f"{version}{label} is not on {where}, {known}", True)
        refused = self._refused(files)
        return MemberRelease(member, project, files, f"{version} on {where} {refused}" if refused else None, False)

    def member_releases(self, members: Iterable[Member], version: Version) -> list[MemberRelease]:
        """Return one version of several members, asked at once."""
        return self.client.each(lambda member: self.member_release(member, version), members)

    def _refused(self, files: tuple[File, ...]) -> str | None:
        """Return why a release's files cannot be used, or None."""
        left = files if self.terms.yanked else tuple(file for file in files if file.yanked is None)
        if not left:
            reason = next((file.yanked for file in files if file.yanked), "")
            return f"is yanked: {reason}" if reason else "is yanked"
        return unfit(left, self.targets)

    def common(self, members: Iterable[Member]) -> Version | None:
        """Return the newest usable version that all of the members have, or None."""
        sets = [set(self.usable(member.name)) for member in members]
        return newest(set.intersection(*sets), prereleases=self.terms.prerelease) if sets else None


def _newest_known(project: Project, label: str | None, prereleases: bool) -> str:
    """Describe which releases an index has instead of the one that was asked for."""
    if not project.files:
        return "which does not have this package"
    best = newest(project.versions(label), prereleases=prereleases)
    if best:
        return f"where the newest is {best}{f'+{label}' if label else ''}"
    labels = sorted({file.version.local for file in project.files if file.version.local})
    others = f"only with +{', +'.join(labels[:5])}" if labels else "only without a label"
    return f"which has no release {f'with +{label}' if label else 'without a label'}, {others}"


def asked_members(known: Known, group: Group, named: Iterable[str]) -> tuple[list[Member], list[Member]]:
    """Return the members whose releases count, and the members that are left out.

    A member is left out if its index does not have it, the lock gives it no index or label, and no requirement names
    it: a family lists every package that a repository may use, not those that it does use. All indexes are asked even
    if the cache is fresh, so that no result depends on an outdated answer.
    """
    named = set(named)
    projects = known.client.each(lambda member: known.revalidated(member.name), group.packages)
    asked: list[Member] = []
    left: list[Member] = []
    for member, project in zip(group.packages, projects, strict=True):
        counts = project.files or member.index_urls or member.label or member.name in named
        (asked if counts else left).append(member)
    return asked, left


def release_files(release: MemberRelease) -> tuple[tuple[str, str], ...]:
    """Return what the lock records of a release: the name and digest of each file that has a sha256."""
    return tuple(sorted((file.name, f"sha256:{file.sha256}") for file in release.files if file.sha256))


def targets(root: str) -> Targets:
    """Return the targets that the repository's releases must fit."""
    return targets_of(requires_python(root))


def requires_python(root: str) -> str | None:
    """Return `requires-python` of the repository's pyproject.toml, or None."""
    source = files.read_optional(root, "pyproject.toml")
    try:
        document = tomllib.loads(source.data.decode("utf-8-sig")) if source else {}
    except ValueError:
        return None
    value = table(document, "project").get("requires-python")
    return value if isinstance(value, str) else None
