"""The sources of releases: one `ReleaseSide` for each, with its wheel open while it is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import ExitStack, suppress

from fi_bump.errors import FiBumpError
from fi_bump.fit.engine.uses import Reference
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.releases import PackageReleases
from fi_bump.fit.wheel.library import Library
from fi_bump.index.wheel_files import WheelFiles


class ReleaseSources(ExitStack):
    """The sources of a package's releases. As a context manager it keeps at its end what it has read."""

    def __init__(self, releases: PackageReleases) -> None:
        super().__init__()
        self.releases = releases
        self._wheels: dict[str, tuple[WheelFiles, Library]] = {}
        self._sides: dict[str, ReleaseSide] = {}
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
            side = ReleaseSide(self.releases.package, version, library, self.stored, files)
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
            file = self.releases.wheel(version)
            files = self.enter_context(WheelFiles(self.releases.client, file))
            if files.is_new:
                # Releases are alike: what was needed of another one comes in few pieces in place of many, one by one.
                files.fetch(frozenset().union(*(each.held for each, _ in self._wheels.values())))
            self._wheels[version] = files, Library(files)
        return self._wheels[version]
