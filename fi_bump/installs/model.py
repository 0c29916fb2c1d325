"""An installation: packages that one tool installs at one place, and the options that decide which indexes it asks."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from fi_bump.boundary.addresses import redacted, shown
from fi_bump.index.address import expanded
from fi_bump.lock.records import Member
from fi_bump.pins import Place


class IndexAddress(NamedTuple):
    """The address of an index where a file names it.

    `text` is the file's own text. `url` is None if a part of it is not known before the command runs. `is_fixed` is
    whether it is the same for everybody: without credentials and variables of the environment.
    """

    text: str
    url: str | None
    place: Place
    is_fixed: bool = True

    @property
    def shown(self) -> str:
        """The text without credentials."""
        return shown(self.url or self.text)


class IndexOptions(NamedTuple):
    """The options of one installation, in the terms that pip and uv share.

    `default` replaces the user's default index, and with `alone` the user's other indexes too. `extra` are asked beside
    the default. With `all_indexes` the releases of all of them count, as in pip; without it only those of the first one
    that has the package, as in uv. With `no_index` no index is asked at all. `elsewhere` are places that fi-bump cannot
    ask: folders and pages of `--find-links`, and the addresses of files.
    """

    tool: str = "pip"
    default: IndexAddress | None = None
    extra: tuple[IndexAddress, ...] = ()
    alone: bool = False
    all_indexes: bool = True
    no_index: bool = False
    elsewhere: tuple[IndexAddress, ...] = ()

    @property
    def addresses(self) -> tuple[IndexAddress, ...]:
        """Every index that the options name."""
        return (*((self.default,) if self.default else ()), *self.extra)


class Installation(NamedTuple):
    """What is installed at once: a requirement file with its includes, a command, a table of a pyproject.toml.

    `names` are the canonical names of the packages. `paths` are the files whose requirements it installs.
    """

    place: Place
    names: frozenset[str]
    options: IndexOptions
    paths: frozenset[str] = frozenset()


class Installed(NamedTuple):
    """The packages of the lock that something in the tree installs by name, and the installations that name them."""

    names: frozenset[str] = frozenset()
    installations: tuple[Installation, ...] = ()

    def of(self, package: str) -> list[Installation]:
        """Return the installations of a package."""
        return [each for each in self.installations if package in each.names]

    def within(self, paths: Collection[str]) -> Installed:
        """Return what is installed by one of some files, or from one of them."""
        own = tuple(each for each in self.installations if each.place.path in paths or not each.paths.isdisjoint(paths))
        return self._replace(installations=own)

    def counts(self, member: Member) -> bool:
        """Whether a member counts for a release: the tree installs it, or the lock gives it an index or a label."""
        return bool(member.name in self.names or member.index_urls or member.label)


NOTHING = Installed()


def resolved(text: str, place: Place) -> IndexAddress:
    """Return an address whose references to environment variables are replaced as pip replaces them."""
    url = expanded(text)
    is_fixed = url == text and redacted(url) == url
    return IndexAddress(text, None if "$" in url else url, place, is_fixed)
