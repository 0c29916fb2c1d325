"""Opening the door to the indexes for a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fi_bump.index import configuration
from fi_bump.index.cache import Cache, default_folder
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from fi_bump.lock import Lock
from fi_bump.records import NamedTuple
from fi_bump.releases import Known, Terms, targets
from fi_bump.report.waiting import waiting


class Online(NamedTuple):
    """Which indexes a command asks, and what a release may be."""

    indexes: tuple[str, ...] = ()
    terms: Terms = Terms()


@contextmanager
def asking(root: str, lock: Lock, online: Online) -> Iterator[Known]:
    """What the indexes know, with a sign of life on a terminal while they are asked."""
    indexes = configuration.find(online.indexes, root)
    client = Client(Http(Cache(default_folder())))
    with waiting("asking the package indexes"):
        yield Known(client, indexes.urls, lock, targets(root), online.terms)
