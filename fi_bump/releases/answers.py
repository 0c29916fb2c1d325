"""What the indexes of one package answered, as one: which releases there are, and which indexes did not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from packaging.version import Version

from fi_bump.boundary.addresses import shown
from fi_bump.errors import PackageIndexError, UnreachableError
from fi_bump.index.client import newest
from fi_bump.index.model import File, Project
from fi_bump.installs.model import IndexAddress


class Silent(NamedTuple):
    """An index that did not answer, and the error that says why."""

    url: str
    error: PackageIndexError

    @property
    def shown(self) -> str:
        """The URL without credentials."""
        return shown(self.url)


class Answer(NamedTuple):
    """The answers about one package.

    `pages` are those of the indexes that answered, in the order in which they were asked. `files` are the release files
    that count, each name once: those of the first index that has it. `elsewhere` are places that cannot be asked.
    """

    package: str
    pages: tuple[Project, ...]
    files: tuple[File, ...]
    silent: tuple[Silent, ...] = ()
    elsewhere: tuple[IndexAddress, ...] = ()

    @property
    def project(self) -> Project:
        """All files that count, as if one index had them."""
        return Project(self.package, " ".join(page.index_url for page in self.pages), self.files)

    @property
    def is_unknown(self) -> bool:
        """Whether the package is on none of the indexes that answered, but may be at a place that cannot be asked."""
        return not self.files and not self.silent and bool(self.elsewhere)

    def index_of(self, version: Version, label: str | None) -> str:
        """Return the first index that has a release, for messages; the first of all if none has it."""
        having = [page for page in self.pages if page.of(version, label)]
        return next((page.index_url for page in (having or self.pages)), "")

    def refuse_silence(self, version: Version | None = None, label: str | None = None) -> None:
        """Raise PackageIndexError if an index did not answer: then it is not known that a release does not exist.

        The message names every index that was asked. Without `version` the question is which releases there are.
        """
        if not self.silent:
            return
        first = self.silent[0].error
        if len(self.silent) == 1 and not self.pages:
            raise first
        silent = [f"{each.shown} did not answer ({each.error.message})" for each in self.silent]
        if version is None:
            others = [f"{page.index_url}, {_instead(page, None, label, False)}" for page in self.pages if page.files]
            others += self._lacking()
            message = f"the newest {self.package} is not known: {', '.join(silent)}"
            message += f"; also asked: {', and '.join(others)}" if others else ""
        else:
            there = f"{self.absence(version, label, False)}, and " if self.pages else f"{version} is not known: "
            message = f"{self.package} {there}{' and '.join(silent)}"
        raise UnreachableError(message, hint=first.hint or "try again later")

    def absence(self, version: Version, label: str | None, prereleases: bool) -> str:
        """Return the words that say on which indexes a release is not, and what each has instead."""
        shown = f"{version}{f'+{label}' if label else ''}"
        if not self.pages:
            return f"{shown} is on no index that fi-bump can ask{self._elsewhere()}"
        having = [page for page in self.pages if page.files]
        places = [f"{page.index_url}, {_instead(page, version, label, prereleases)}" for page in having]
        return f"{shown} is not on {', and not on '.join([*places, *self._lacking()])}{self._elsewhere()}"

    def _lacking(self) -> list[str]:
        """Return the words for the indexes that do not have the package; none without them."""
        names = [page.index_url for page in self.pages if not page.files]
        verb = "does" if len(names) == 1 else "do"
        return [f"{' and '.join(names)}, which {verb} not have this package"] if names else []

    def _elsewhere(self) -> str:
        if not self.elsewhere:
            return ""
        first = self.elsewhere[0]
        more = f" and {len(self.elsewhere) - 1} more" if len(self.elsewhere) > 1 else ""
        return f" ({first.place.at_line} also names {first.shown}{more}, which fi-bump cannot ask)"


def _instead(page: Project, version: Version | None, label: str | None, prereleases: bool) -> str:
    """Return a clause on what an index has instead of a release: its nearest ones, other labels, or nothing."""
    there = page.versions(label)
    if not there:
        labels = sorted({file.version.local for file in page.files if file.version.local})
        others = f"only with +{', +'.join(labels[:5])}" if labels else "only without a label"
        return f"which has no release with +{label}, {others}"
    close = [f"{each}{f'+{label}' if label else ''}" for each in nearest(there, version, prereleases)]
    which = "newest" if version is None else "nearest"
    return f"where the {which} {'is' if len(close) == 1 else 'are'} {' and '.join(close)}"


def nearest(versions: Sequence[Version], version: Version | None, prereleases: bool) -> list[Version]:
    """Return the newest release below a version and the oldest above it; without a version, the newest of all.

    Pre-releases count only with `prereleases`, for a pre-release, and if there is nothing else.
    """
    if version is None:
        best = newest(versions, prereleases=prereleases)
        return [] if best is None else [best]
    wanted = prereleases or version.is_prerelease
    final = [each for each in sorted(versions) if wanted or not each.is_prerelease] or sorted(versions)
    below, above = [each for each in final if each < version], [each for each in final if each > version]
    return [*below[-1:], *above[:1]]
