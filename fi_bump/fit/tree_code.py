"""The code of a tree, held against releases: a comparison that is kept and still holds, or else a new one.

What reads code and wheels is imported for a new comparison only: its import takes as long as all of a check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from fi_bump.errors import FiBumpError
from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.kept import KeptFits
from fi_bump.fit.model import Compared, Fit
from fi_bump.fit.packages import known_api
from fi_bump.fit.releases import NoSourceError, PackageReleases
from fi_bump.lock.records import Lock
from fi_bump.releases.known import Known
from fi_bump.releases.release_pages import pages_of

if TYPE_CHECKING:
    from fi_bump.fit.engine.ahead import UsesAhead


def compared(lock: Lock, versions: Mapping[str, str], against: str | None = None) -> list[Compared]:
    """The members of a lock that code can call, with the versions that they have and that they move to.

    `versions` are the proposed ones by group. `against` takes the place of the locked version where one is proposed.
    """
    found = []
    for group in lock.groups:
        proposed = versions.get(group.name)
        pinned = against if against is not None and proposed is not None else group.version
        pages = pages_of(group)
        for member in group.packages:
            if known_api(member.name).holds is None:
                moved = None if proposed == pinned else proposed
                found.append(Compared(member.name, pinned, moved, pages, group.name))
    return found


class TreeCode(ExitStack):
    """The Python files of the tree at `root`. As a context manager it ends the second process of `read_ahead`."""

    def __init__(self, root: str, paths: Sequence[str]) -> None:
        super().__init__()
        self._root = root
        self._paths = paths
        self._read = RepositoryFiles(root).read
        self._kept = KeptFits(root, paths)
        self._ahead: UsesAhead | None = None

    def read_ahead(self, asked: Iterable[Compared]) -> None:
        """Read the code in a second process until `fits` is called, unless that comparison may be kept.

        It is read for the first of these packages of which the names are known that it is imported by.
        """
        first = next((each for each in asked if known_api(each.package).imports), None)
        if first is not None and not self._kept.may_have(first):
            from fi_bump.fit.compare import uses_ahead

            self._ahead = self.enter_context(uses_ahead(self._root, self._paths, first))

    def fits(self, asked: Iterable[Compared], known: Known) -> tuple[list[Fit], FiBumpError | None]:
        """Hold the code against the releases of each package.

        An index that does not answer must not hide what else is found: `skipped` says what it kept from being compared,
        and the first error of this kind is returned.
        """
        found: list[Fit] = []
        trouble: FiBumpError | None = None
        for each in asked:
            try:
                found.append(self._fit(each, PackageReleases(known, each.package)))
            except NoSourceError as error:
                found.append(_skipped(each, error))
            except FiBumpError as error:
                trouble = trouble or error
                found.append(_skipped(each, error))
        return found, trouble

    def _fit(self, asked: Compared, releases: PackageReleases) -> Fit:
        if not self._paths:
            return asked.uncompared
        kept = self._kept.recall(asked, releases)
        if kept is not None:
            return kept
        from fi_bump.fit.compare import fit

        found = fit(self._read, self._paths, asked, releases, self._ahead)
        self._kept.keep(asked, found, releases.answers)
        return found


def _skipped(asked: Compared, error: FiBumpError) -> Fit:
    return asked.uncompared._replace(skipped=(f"the code is not compared: {error}",))
