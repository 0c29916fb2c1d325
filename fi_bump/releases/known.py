"""The releases of a lock's members on their package indexes, for every command that goes online."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from fi_bump.boundary.addresses import has_secrets, shown
from fi_bump.errors import PackageIndexError, UnreachableError
from fi_bump.index.cache import UNCHANGING
from fi_bump.index.client import AT_ONCE, Client, in_background, newest, wheel_for_metadata
from fi_bump.index.configuration import Indexes
from fi_bump.index.model import File, Project
from fi_bump.index.targets import Targets, targets_of, unfit
from fi_bump.installs.model import NOTHING, Installed
from fi_bump.lock.records import Lock, Member
from fi_bump.releases.answers import Answer, Silent
from fi_bump.releases.index_order import IndexSource, sources, users
from fi_bump.scanning import files
from fi_bump.untrusted import table

if TYPE_CHECKING:
    from packaging.requirements import Requirement


class MemberRelease(NamedTuple):
    """One version of a member on its indexes.

    `refused` is why it cannot be used, and `missing` whether there is no file of it.
    """

    member: Member
    answer: Answer
    files: tuple[File, ...]
    refused: str | None
    missing: bool

    @property
    def message(self) -> str:
        """The refusal as a message: `flashinfer-cubin 0.6.14 is not on INDEX, where the nearest is 0.6.13`."""
        return f"{self.member.name} {self.refused}"


class Terms(NamedTuple):
    """Which releases are accepted: `--allow-yanked`, `--allow-prerelease`, and `--min-age` in days."""

    yanked: bool = False
    prerelease: bool = False
    minimum_age: int | None = None


class Known:
    """Answers about packages, each asked once per run: members at their sources, other packages on the user's indexes.

    The indexes are asked about members even if the cache is fresh, so that no result depends on an outdated answer.
    """

    def __init__(
        self,
        client: Client,
        user: Indexes,
        lock: Lock,
        targets: Targets,
        terms: Terms,
        installed: Installed = NOTHING,
    ) -> None:
        self.client = client
        self.user = user
        self.targets = targets
        self.terms = terms
        self.installed = installed
        self._answers: dict[str, Answer] = {}
        self._started: dict[str, Future[Answer]] = {}
        self._failed: dict[tuple[str, str], PackageIndexError] = {}
        self._usable: dict[str, list[Version]] = {}
        self._requires: dict[tuple[str, Version], tuple[Requirement, ...]] = {}
        self._unread: dict[tuple[str, Version], PackageIndexError] = {}
        self._members = {member.name: member for group in lock.groups for member in group.packages}

    def sources(self, package: str) -> tuple[IndexSource, ...]:
        """Return where a package is looked for."""
        member = self._members.get(package)
        return (users(self.user),) if member is None else sources(member, self.installed, self.user)

    def answer(self, package: str) -> Answer:
        """Return what the indexes of a package say. An index that does not answer is part of the answer."""
        if package not in self._answers:
            started = self._started.get(package)
            self._answers[package] = self._asked(package) if started is None else started.result()
        return self._answers[package]

    def start(self, members: Iterable[Member]) -> None:
        """Start to ask about members of which `answer` will be wanted in any case, and do not wait."""
        gate = threading.Semaphore(AT_ONCE)
        for member in members:
            if member.name not in self._answers and member.name not in self._started:
                self._started[member.name] = in_background(self._asked, member.name, gate)

    def _asked(self, package: str) -> Answer:
        return self._ask(package, self.sources(package), revalidate=package in self._members)

    def at(self, package: str, source: IndexSource) -> Answer:
        """Return what the indexes of one source say about a package."""
        return self._ask(package, (source,), revalidate=False)

    def _ask(self, package: str, found: Iterable[IndexSource], *, revalidate: bool) -> Answer:
        pages: dict[str, Project | PackageIndexError] = {}
        files: dict[str, File] = {}
        for source in found:
            for url in source.urls:
                if url not in pages:
                    pages[url] = self._page(package, url, revalidate)
                page = pages[url]
                if isinstance(page, Project):
                    files = {file.name: file for file in page.files} | files
                # uv does not go on to the next index when one has the package, or does not answer.
                if not source.all_indexes and (not isinstance(page, Project) or page.files):
                    break
        return Answer(
            package,
            tuple(page for page in pages.values() if isinstance(page, Project)),
            tuple(files.values()),
            tuple(Silent(url, page) for url, page in pages.items() if not isinstance(page, Project)),
            tuple(dict.fromkeys(address for source in found for address in source.elsewhere)),
        )

    def _page(self, package: str, url: str, revalidate: bool) -> Project | PackageIndexError:
        failed = self._failed.get((package, url))
        if failed is not None:
            return failed
        try:
            return self.client.page(package, url, revalidate=revalidate)
        except PackageIndexError as error:
            self._failed[package, url] = error
            return error

    def answers(self, members: Iterable[Member]) -> list[Answer]:
        """Return the answers about several members, asked at once."""
        return self.client.each(lambda member: self.answer(member.name), members)

    def label(self, package: str) -> str | None:
        """Return the local version label of a member's releases, or None."""
        member = self._members.get(package)
        return member.label if member else None

    def files(self, package: str, version: Version) -> tuple[File, ...]:
        """Return the files of a release. Raises PackageIndexError if there are none and an index did not answer."""
        answer, label = self.answer(package), self.label(package)
        found = answer.project.of(version, label)
        if not found:
            answer.refuse_silence(version, label)
        return found

    def usable(self, package: str) -> list[Version]:
        """Return the versions of a package that are not yanked and fit the targets, in rising order.

        Raises PackageIndexError if an index did not answer, since it could have others.
        """
        if package not in self._usable:
            answer, label = self.answer(package), self.label(package)
            answer.refuse_silence(label=label)
            by_version = answer.project.by_version(label)
            fit = [version for version, files in by_version.items() if self._refused(tuple(files)) is None]
            self._usable[package] = sorted(fit)
        return self._usable[package]

    def versions(self, package: str) -> list[Version]:
        """Return `usable`, under the name that the audit expects."""
        return self.usable(package)

    def requires(self, package: str, version: Version) -> tuple[Requirement, ...]:
        """Return a release's requirements; none for a release without a wheel and for a missing one.

        If its metadata cannot be read there are none, and `unread` has the error: the other releases can be compared.
        """
        key = (package, version)
        if key not in self._requires:
            try:
                self._requires[key] = self._cached_requires(package, version)
            except UnreachableError:
                raise
            except PackageIndexError as error:
                self._unread[key] = error
                self._requires[key] = ()
        return self._requires[key]

    @property
    def unread(self) -> PackageIndexError | None:
        """The error for releases whose metadata cannot be read, or None: a command must not end as if it knew them."""
        if not self._unread:
            return None
        first = next(iter(self._unread.values()))
        if len(self._unread) > 1:
            others = ", ".join(f"{package} {version}" for package, version in [*self._unread][1:])
            message = f"{first.message}; the requirements of {others} are not known either"
            return PackageIndexError(message, place=first.place, hint=first.hint)
        return first

    def recall(self, releases: Iterable[tuple[str, Version]]) -> None:
        """Take the requirements of releases that the cache has, without a question to an index."""
        for key in releases:
            if key not in self._requires and (kept := self._kept(*key)) is not None:
                self._requires[key] = kept

    def recalls(self, package: str, version: Version) -> bool:
        """Whether a release's requirements are known without another question."""
        return (package, version) in self._requires

    def _cached_requires(self, package: str, version: Version) -> tuple[Requirement, ...]:
        kept = self._kept(package, version)
        if kept is not None:
            return kept
        wheel = wheel_for_metadata(self.files(package, version))
        if wheel is None:
            return ()
        requires = self.client.metadata(wheel).requires
        body = json.dumps([str(each) for each in requires]).encode()
        if not has_secrets(body):
            self.client.http.cache.put(self._kept_under(package, version), {"cache-control": UNCHANGING}, body)
        return requires

    def _kept(self, package: str, version: Version) -> tuple[Requirement, ...] | None:
        """Return a release's requirements from the cache under its name, without its page, since they never change."""
        from packaging.requirements import Requirement

        cached = self.client.http.cache.get(self._kept_under(package, version))
        if cached is not None:
            with suppress(ValueError, TypeError):
                return tuple(map(Requirement, json.loads(cached.body)))
        return None

    def _kept_under(self, package: str, version: Version) -> str:
        source = " ".join(shown(url) for each in self.sources(package) for url in each.urls)
        return f"requires {source} {package} {version} {self.label(package)}"

    def member_release(self, member: Member, version: Version) -> MemberRelease:
        """Return one version of a member on its indexes, and whether it can be used.

        Raises PackageIndexError if no index has it and one of them did not answer.
        """
        answer = self.answer(member.name)
        files = self.files(member.name, version)
        if not files:
            return MemberRelease(member, answer, (), answer.absence(version, member.label, self.terms.prerelease), True)
        refused = self._refused(files)
        where = answer.index_of(version, member.label)
        return MemberRelease(member, answer, files, f"{version} on {where} {refused}" if refused else None, False)

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
        return newest(self.shared(members), prereleases=self.terms.prerelease)

    def shared(self, members: Iterable[Member]) -> set[Version]:
        """Return the usable versions that all of the members have."""
        sets = [set(self.usable(member.name)) for member in members]
        return set.intersection(*sets) if sets else set()

    def spelled(self, members: Iterable[Member], version: Version) -> str:
        """Return a version as the members' indexes spell it: 0.6 as 0.6.0, if that is their release."""
        for member in members:
            for file in self.answer(member.name).project.of(version, member.label):
                return str(Version(file.version.public))
        return str(version)


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
