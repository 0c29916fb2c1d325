"""The lock as records: its groups, their members, and where their pins are."""

from __future__ import annotations

from fi_bump.boundary import left_out
from fi_bump.records import NamedTuple

LOCK_NAME = left_out.LOCK_NAME
LOCK_VERSION = 1
# In a member's list of indexes: those that the user has configured.
USERS_INDEXES = "default"
# How a version becomes a tag of the group's repositories, if nothing else is recorded.
DEFAULT_TAG = "v{version}"


class Member(NamedTuple):
    """A package of a group, with its own indexes, in order, and its local version label, if it has them.

    An index is a URL, or USERS_INDEXES for all that the user has configured.
    `files` are the release files of the group's version as (file name, `sha256:…`), sorted, as the index had them when
    `set` set the group; empty if no index was asked.
    """

    name: str
    index_urls: tuple[str, ...] = ()
    label: str | None = None
    files: tuple[tuple[str, str], ...] = ()

    @property
    def index_document(self) -> str | list[str] | None:
        """The indexes as JSON documents write them: one URL, a list of several, or None."""
        return self.index_urls[0] if len(self.index_urls) == 1 else list(self.index_urls) or None

    @property
    def own_indexes(self) -> tuple[str, ...]:
        """The URLs among `index_urls`."""
        return tuple(url for url in self.index_urls if url != USERS_INDEXES)


class Group(NamedTuple):
    """Packages that move together to one version, the other names of that version, and the sites of their pins.

    `minimum_age` is the age in days from which a release is proposed; None without one.
    `hold` says why the group stays behind newer releases on purpose, if it does. `tags` are the rules by which a
    version becomes a tag of the repositories, in order (releases/tags.py).
    """

    name: str
    version: str
    packages: tuple[Member, ...]
    variables: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    minimum_age: int | None = None
    hold: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def subjects(self) -> frozenset[str]:
        """Every subject of this group's pins; names of the three kinds cannot be equal."""
        return frozenset([member.name for member in self.packages]) | {*self.variables, *self.repositories}

    @property
    def package_names(self) -> tuple[str, ...]:
        """The names of the group's packages."""
        return tuple([member.name for member in self.packages])

    def member(self, package: str) -> Member | None:
        """Return the member of that name, or None."""
        return next((member for member in self.packages if member.name == package), None)


class Lock(NamedTuple):
    """The whole lock."""

    groups: tuple[Group, ...]
    exclude: tuple[str, ...] = ()
    schema: str | None = None

    @property
    def sites(self) -> list[str]:
        """The recorded sites of all groups."""
        return [site for group in self.groups for site in group.sites]

    def group(self, name: str) -> Group | None:
        """Return the group of that name, or None."""
        return next((group for group in self.groups if group.name == name), None)

    def replace_group(self, new: Group) -> Lock:
        """Return this lock with the group of the same name replaced."""
        return self._replace(groups=tuple(new if group.name == new.name else group for group in self.groups))
