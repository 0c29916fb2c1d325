"""Access to the package indexes for one command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from fi_bump.errors import FiBumpError, UnreachableError
from fi_bump.index import configuration
from fi_bump.index.cache import Cache, default_folder
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from fi_bump.installs.tree import installed
from fi_bump.lock.records import Lock
from fi_bump.releases.known import Known, Terms, targets
from fi_bump.scanning.scan import Scan
from fi_bump.terminal.output import say_verbose
from fi_bump.terminal.waiting import waiting

# The values that do not set FI_BUMP_OFFLINE, as `set` reads the variable of its --offline.
_NOT_SET = ("", "0", "false", "f", "no", "n", "off")


class Online(NamedTuple):
    """The indexes that a command asks, and which releases it accepts; and whether it asks for release notes."""

    indexes: tuple[str, ...] = ()
    terms: Terms = Terms()
    release_notes: bool = False


@contextmanager
def asking(root: str, lock: Lock, online: Online, scan: Scan, *, or_offline: bool = False) -> Iterator[Known]:
    """Yield the answers of the indexes, and show a spinner on a terminal meanwhile.

    `scan` is a scan of the whole tree for this lock. `or_offline` is whether the command has --offline, which the hint
    then suggests if an index does not answer. Raises FiBumpError if FI_BUMP_OFFLINE is set.
    """
    if os.environ.get("FI_BUMP_OFFLINE", "").lower() not in _NOT_SET:
        message = "FI_BUMP_OFFLINE is set, but this command asks the package indexes"
        raise FiBumpError(message, hint="unset FI_BUMP_OFFLINE for this command")
    user = configuration.find(online.indexes, root)
    http = Http(Cache(default_folder()), proxy=user.proxy, trust=user.trust, note=say_verbose)
    http.prepare(user.default)
    client = Client(http)
    with waiting("asking the package indexes"):
        try:
            yield Known(client, user, lock, targets(root), online.terms, installed=installed(root, lock, scan))
        except UnreachableError as error:
            if or_offline and error.hint:
                error.hint += ", or use --offline"
            raise
