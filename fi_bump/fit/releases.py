"""What the package indexes say of the releases of one package, as far as a comparison with their sources needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from packaging.version import Version

from fi_bump.errors import FiBumpError
from fi_bump.index.client import Client
from fi_bump.index.model import File
from fi_bump.index.targets import Targets, unfit
from fi_bump.releases.known import Known


class NoSourceError(FiBumpError):
    """A release has no wheel whose sources could be read."""


class ReleaseAnswers(NamedTuple):
    """What `PackageReleases` was asked, with the answers: the name and the hash of wheels by release, and so on."""

    wheels: tuple[tuple[str, str, str], ...]
    between: tuple[tuple[str, str, tuple[str, ...]], ...]
    uploaded: tuple[tuple[str, str | None], ...]


class PackageReleases:
    """The releases of one package. Each answer is noted: see `answers`.

    Every method raises PackageIndexError where the index does not answer.
    """

    def __init__(self, known: Known, package: str) -> None:
        self.package = package
        self._known = known
        self._wheels: dict[str, File] = {}
        self._between: dict[tuple[str, str], tuple[str, ...]] = {}
        self._uploaded: dict[str, str | None] = {}
        # Whether each answer is one that can be compared with a later one.
        self._is_sure = True

    @property
    def client(self) -> Client:
        """What reads wheels from the index."""
        return self._known.client

    @property
    def answers(self) -> ReleaseAnswers | None:
        """All answers so far; None if one was an error, or a wheel of which the index does not name a hash."""
        hashes = {version: file.sha256 for version, file in self._wheels.items()}
        if not self._is_sure or not all(hashes.values()):
            return None
        return ReleaseAnswers(
            tuple((version, file.name, hashes[version] or "") for version, file in self._wheels.items()),
            tuple((old, new, found) for (old, new), found in self._between.items()),
            tuple(self._uploaded.items()),
        )

    def would_answer(self, answers: ReleaseAnswers) -> bool:
        """Whether the same questions have the same answers now."""
        now = PackageReleases(self._known, self.package)
        try:
            for version, _, _ in answers.wheels:
                now.wheel(version)
            for old, new, _ in answers.between:
                now.between(old, new)
            for version, _ in answers.uploaded:
                now.uploaded(version)
        except NoSourceError:
            return False
        return now.answers == answers

    def note_unreadable(self) -> None:
        """Note that a wheel could not be read: what is found without it is not all that there is."""
        self._is_sure = False

    def wheel(self, version: str) -> File:
        """The wheel whose sources speak for a release. Raises NoSourceError where there is none."""
        if version not in self._wheels:
            try:
                found = wheel_for_sources(self._known.files(self.package, Version(version)), self._known.targets)
                if found is None:
                    raise NoSourceError(f"{self.package} {version} has no wheel on the index")
            except FiBumpError:
                self._is_sure = False
                raise
            self._wheels[version] = found
        return self._wheels[version]

    def between(self, old: str, new: str) -> tuple[str, ...]:
        """The final releases with a wheel after `old` and before `new`, in rising order."""
        if (old, new) not in self._between:
            self._between[old, new] = self._inside(old, new)
        return self._between[old, new]

    def _inside(self, old: str, new: str) -> tuple[str, ...]:
        label = self._known.label(self.package)
        found = {
            Version(file.version.public)
            for file in self._known.answer(self.package).files
            if file.is_wheel and file.version.local == label and file.yanked is None
        }
        inside = [each for each in found if Version(old) < each < Version(new) and not each.is_prerelease]
        return tuple(str(each) for each in sorted(inside))

    def uploaded(self, version: str) -> str | None:
        """The day on which the first file of a release was uploaded."""
        if version not in self._uploaded:
            files = self._known.files(self.package, Version(version))
            days = [file.uploaded for file in files if file.uploaded]
            self._uploaded[version] = min(days)[:10] if days else None
        return self._uploaded[version]


def is_released(known: Known, package: str, version: str) -> bool:
    """Whether the indexes have any file of a release. Raises PackageIndexError when one of them does not answer."""
    return bool(known.files(package, Version(version)))


def wheel_for_sources(files: Sequence[File], targets: Targets) -> File | None:
    """The wheel whose sources speak for a release: one that fits the targets where there is one, the smallest."""
    wheels = [file for file in files if file.is_wheel]
    fitting = [file for file in wheels if unfit([file], targets) is None]
    return min(fitting or wheels, key=lambda file: (file.size or 0, file.name), default=None)
