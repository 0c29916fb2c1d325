"""Opening the door to the indexes for a command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from fi_bump.errors import FiBumpError, UnreachableError
from fi_bump.index import configuration
from fi_bump.index.cache import Cache, default_folder
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from fi_bump.lock import Lock
from fi_bump.records import NamedTuple
from fi_bump.releases.known import Known, Terms, targets
from fi_bump.terminal.waiting import waiting

# As the flag's own variable is read by `set`.
_NOT_SET = ("", "0", "false", "f", "no", "n", "off")


class Online(NamedTuple):
    """Which indexes a command asks, and what a release may be."""

    indexes: tuple[str, ...] = ()
    terms: Terms = Terms()


@contextmanager
def asking(root: str, lock: Lock, online: Online, *, or_offline: bool = False) -> Iterator[Known]:
    """What the indexes know, with a sign of life on a terminal while they are asked.

    `or_offline` is whether the command can do without, which is then what an index that does not answer is met with.
    Raises FiBumpError where the environment forbids asking.
    """
    if os.environ.get("FI_BUMP_OFFLINE", "").lower() not in _NOT_SET:
        raise FiBumpError("FI_BUMP_OFFLINE is set, and this asks the package indexes", hint="unset it for this command")
    indexes = configuration.find(online.indexes, root)
    client = Client(Http(Cache(default_folder())))
    with waiting("asking the package indexes"):
        try:
            yield Known(client, indexes.urls, lock, targets(root), online.terms)
        except UnreachableError as error:
            if or_offline and error.hint:
                error.hint += ", or use --offline"
            raise
