"""Which indexes are asked about a package: the lock's, those named where it is installed, the user's; in that order.

Every command that goes online asks here, so that all of them ask the same indexes. docs/indexes.md has the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fi_bump.index.configuration import Indexes
from fi_bump.installs.model import IndexAddress, IndexOptions, Installed
from fi_bump.lock.records import USERS_INDEXES, Member


class IndexSource(NamedTuple):
    """The indexes of one installation, in the order in which they are asked, with their credentials.

    With `all_indexes` the releases of all of them count, otherwise those of the first one that has the package.
    `elsewhere` are the places that fi-bump cannot ask: addresses that are not known before a command runs, and folders.
    """

    urls: tuple[str, ...]
    all_indexes: bool
    elsewhere: tuple[IndexAddress, ...] = ()


def sources(member: Member, installed: Installed, user: Indexes) -> tuple[IndexSource, ...]:
    """Return the sources of a member, each once. A release that one of them has exists."""
    options = [each.options for each in installed.of(member.name)]
    if member.index_urls:
        urls: list[str] = []
        for url in member.index_urls:
            urls += user.urls if url == USERS_INDEXES else [url]
        return (IndexSource(_once(urls), any(each.all_indexes for each in options)),)
    found = dict.fromkeys(combined(each, user) for each in options)
    return tuple(found) or (users(user),)


def users(user: Indexes) -> IndexSource:
    """Return the source of a package for which no file names an index: the first index that has it, as in uv."""
    return IndexSource(user.urls, False)


def combined(options: IndexOptions, user: Indexes) -> IndexSource:
    """Return the indexes of an installation as its tool combines them with the user's.

    pip asks the default index and all others, and takes the best release of all. uv asks the others first, in their
    order, then the default, and takes the first index that has the package, unless an index strategy says otherwise.
    """
    elsewhere = tuple(each for each in options.addresses if each.url is None) + options.elsewhere
    if options.no_index:
        return IndexSource((), options.all_indexes, elsewhere)
    extra = [each.url for each in options.extra if each.url is not None]
    before, after = ((), ()) if options.alone else (user.before, user.after)
    default = [user.default]
    if options.default is not None:
        default = [options.default.url] if options.default.url is not None else []
    order = (*extra, *before, *default, *after) if options.tool == "uv" else (*before, *default, *after, *extra)
    return IndexSource(_once(order), options.all_indexes, elsewhere)


def named_indexes(package: str, installed: Installed) -> tuple[str, ...] | None:
    """Return the indexes for a lock to record for a package: those that its installations name, URLs and USERS_INDEXES.

    The result is () where no file names an index, and None if the installations differ, so that one list for all of
    them would be wrong, or if an address has credentials or a variable of the environment in it.
    """
    here = installed.of(package)
    named = [address for each in here for address in each.options.addresses if address.url is not None]
    if not named:
        return ()
    if not all(address.is_fixed for address in named):
        return None
    placeholder = Indexes(USERS_INDEXES, "")
    found = [combined(each.options, placeholder) for each in here if not each.options.no_index]
    if all(each.all_indexes for each in found):
        # Without an order of precedence, the user's indexes are written first.
        found = [each._replace(urls=tuple(sorted(each.urls, key=lambda url: url != USERS_INDEXES))) for each in found]
    lists = {each.urls for each in found}
    return lists.pop() if len(lists) == 1 else None


def _once(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the URLs, each once; with and without a slash at its end it is the same index."""
    return tuple({url.rstrip("/"): url for url in reversed(list(urls))}.values())[::-1]
