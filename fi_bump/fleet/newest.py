"""Find the newest version that every member has, for the groups of many repositories."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.errors import FiBumpError
from fi_bump.fleet.model import Newest
from fi_bump.index import configuration
from fi_bump.index.cache import Cache, default_folder
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from fi_bump.index.model import Project
from fi_bump.releases.asking import Online
from fi_bump.releases.known import Known, asked_members, targets
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan


class Once(Client):
    """A client for many repositories, which revalidates each package only once per run."""

    def __init__(self, http: Http) -> None:
        super().__init__(http)
        self._revalidated: set[tuple[str, tuple[str, ...]]] = set()

    def project(self, package: str, indexes: Iterable[str], *, revalidate: bool = False) -> Project:
        """Like Client.project, but revalidate a package only once per run."""
        key = (package, tuple(indexes))
        again = revalidate and key not in self._revalidated
        project = super().project(package, key[1], revalidate=again)
        self._revalidated |= {key} if again else set()
        return project


def newest_of_all(
    repositories: Iterable[tuple[str, Repository, Scan]], online: Online
) -> dict[tuple[str, str], Newest]:
    """Return the newest version by repository and group.

    An index that cannot be asked makes only those groups unknown that need it.
    """
    client = Once(Http(Cache(default_folder())))
    found: dict[tuple[str, str], Newest] = {}
    for name, repository, scan in repositories:
        for group in repository.lock.groups:
            try:
                root, lock = repository.root, repository.lock
                urls = configuration.find(online.indexes, root).urls
                known = Known(client, urls, lock, targets(root), online.terms)
                pinned = scan.required_names
                members, _ = asked_members(known, group, pinned)
                common = known.common(members)
                found[name, group.name] = Newest(None if common is None else str(common))
            except FiBumpError as error:
                found[name, group.name] = Newest(None, str(error))
    return found
