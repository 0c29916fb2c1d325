"""The sources of releases: which file of a release is read, and one `ReleaseSide` for each, open while it is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack, suppress

from packaging.version import Version

from fi_bump.errors import FiBumpError
from fi_bump.fit.engine.uses import Reference
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import Library
from fi_bump.index.model import File
from fi_bump.index.targets import Targets, unfit
from fi_bump.index.wheel_files import WheelFiles
from fi_bump.releases.known import Known


class NoSourceError(FiBumpError):
    """A release has no wheel whose sources could be read."""


class ReleaseSources(ExitStack):
    """The releases of one package. As a context manager it keeps at its end what it has read."""

    def __init__(self, known: Known, package: str) -> None:
        super().__init__()
        self.package = package
        self._known = known
        self._wheels: dict[str, tuple[WheelFiles, Library]] = {}
        self._sides: dict[str, ReleaseSide] = {}
        self._between: dict[tuple[str, str], list[str]] = {}
        # The attributes that the repository gives to objects.
        self.stored: frozenset[str] = frozenset()

    def library(self, version: str) -> Library:
        """The modules of a release. Raises as `side` does."""
        return self._opened(version)[1]

    def side(self, version: str) -> ReleaseSide:
        """The release, by the attributes that are `stored` when it is first asked for.

        Raises NoSourceError, or PackageIndexError when its wheel cannot be read.
        """
        if version not in self._sides:
            files, library = self._opened(version)
            side = ReleaseSide(self.package, version, library, self.stored, files)
            self.callback(side.keep)
            self._sides[version] = side
        return self._sides[version]

    def read_ahead(self, versions: Iterable[str], references: Collection[Reference]) -> None:
        """Read the modules in which releases define names. Whatever cannot be read is an error only when it is used."""
        with suppress(FiBumpError):
            for version in versions if references else ():
                for each in references:
                    self.library(version).find(each.module, each.path)

    def _opened(self, version: str) -> tuple[WheelFiles, Library]:
        if version not in self._wheels:
            file = wheel_for_sources(self._known.files(self.package, Version(version)), self._known.targets)
            if file is None:
                raise NoSourceError(f"{self.package} {version} has no wheel on the index")
            files = self.enter_context(WheelFiles(self._known.client, file))
            if files.is_new:
                # Releases are alike: what was needed of another one comes in few pieces in place of many, one by one.
                files.fetch(frozenset().union(*(each.held for each, _ in self._wheels.values())))
            self._wheels[version] = files, Library(files)
        return self._wheels[version]

    def between(self, old: str, new: str) -> list[str]:
        """The final releases with a wheel after `old` and before `new`, in rising order."""
        if (old, new) not in self._between:
            self._between[old, new] = self._inside(old, new)
        return self._between[old, new]

    def _inside(self, old: str, new: str) -> list[str]:
        label = self._known.label(self.package)
        found = {
            Version(file.version.public)
            for file in self._known.answer(self.package).files
            if file.is_wheel and file.version.local == label and file.yanked is None
        }
        inside = [each for each in found if Version(old) < each < Version(new) and not each.is_prerelease]
        return [str(each) for each in sorted(inside)]

    def uploaded(self, version: str) -> str | None:
        """The day on which the first file of a release was uploaded."""
        days = [file.uploaded for file in self._known.files(self.package, Version(version)) if file.uploaded]
        return min(days)[:10] if days else None


def is_released(known: Known, package: str, version: str) -> bool:
    """Whether the indexes have any file of a release. Raises PackageIndexError when one of them does not answer."""
    return bool(known.files(package, Version(version)))


def wheel_for_sources(files: Sequence[File], targets: Targets) -> File | None:
    """The wheel whose sources speak for a release: one that fits the targets where there is one, the smallest."""
    wheels = [file for file in files if file.is_wheel]
    fitting = [file for file in wheels if unfit([file], targets) is None]
    return min(fitting or wheels, key=lambda file: (file.size or 0, file.name), default=None)
