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
from fi_bump.index.trust import Trust
from fi_bump.installs.tree import installed
from fi_bump.releases.age import newest_ripe
from fi_bump.releases.asking import Online
from fi_bump.releases.counting import count_members
from fi_bump.releases.known import Known, targets
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan
from fi_bump.terminal.output import say_verbose


class Once(Client):
    """A client for many repositories, which revalidates each package only once per run."""

    def __init__(self, http: Http) -> None:
        super().__init__(http)
        self._revalidated: set[tuple[str, str]] = set()

    def page(self, package: str, index: str, *, revalidate: bool = False) -> Project:
        """Like Client.page, but revalidate a page only once per run."""
        again = revalidate and (package, index) not in self._revalidated
        project = super().page(package, index, revalidate=again)
        self._revalidated |= {(package, index)} if again else set()
        return project


def newest_of_all(
    repositories: Iterable[tuple[str, Repository, Scan]], online: Online
) -> dict[tuple[str, str], Newest]:
    """Return the newest version by repository and group.

    An index that cannot be asked makes only those groups unknown that need it.
    """
    # The configuration of a repository may say whether pip's proxy and certificates count there.
    clients: dict[tuple[str | None, Trust], Once] = {}
    found: dict[tuple[str, str], Newest] = {}
    for name, repository, scan in repositories:
        for group in repository.lock.groups:
            try:
                root, lock = repository.root, repository.lock
                user = configuration.find(online.indexes, root)
                way = user.proxy, user.trust
                if way not in clients:
                    http = Http(Cache(default_folder()), proxy=user.proxy, trust=user.trust, note=say_verbose)
                    clients[way] = Once(http)
                here = installed(root, lock, scan)
                known = Known(clients[way], user, lock, targets(root), online.terms, installed=here)
                common = newest_ripe(known, count_members(known, group).asked, group)
                found[name, group.name] = Newest(None if common is None else str(common))
            except FiBumpError as error:
                found[name, group.name] = Newest(None, str(error))
    return found
