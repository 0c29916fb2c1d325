"""The checkouts of a fleet and their comparison, as data."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fi_bump.lock.records import Group


class State(Enum):
    """The result of reading a checkout."""

    IN_STEP = "in step"
    FINDINGS = "findings"
    NO_LOCK = "no lock"
    UNREADABLE = "cannot be read"


class Held(NamedTuple):
    """A group of a checkout, with the number of its pins and of its findings in `check`."""

    group: Group
    pins: int
    findings: int


class Checkout(NamedTuple):
    """One repository as it was read.

    `name` is unique in the fleet, and `path` is as the user gave it. `findings` is the number of `check`'s errors,
    including those of no group. `error` says why it cannot be read. For a git revision, which is read without a
    checkout, `commit` and `date` (ISO 8601) are those of its commit.
    """

    name: str
    path: str
    state: State
    groups: tuple[Held, ...] = ()
    findings: int = 0
    error: str | None = None
    commit: str | None = None
    date: str | None = None


class Newest(NamedTuple):
    """The newest version that every member of a group has on its index, or the error that prevented an answer."""

    version: str | None
    error: str | None = None


class Against(NamedTuple):
    """A group of the engine that a group of another checkout is compared with, and the result.

    `through` are the packages that both have; it is empty if the groups have the same name.
    """

    group: str
    version: str
    through: tuple[str, ...]
    agrees: bool


class GroupStatus(NamedTuple):
    """A group of a checkout, compared with the fleet.

    `fleet` is the newest version of this group that any checkout has locked, and `leader` the first of these checkouts.
    `newest` is None if no index was asked. `engine` is empty for the engine itself, and if it shares no package.
    """

    held: Held
    fleet: str
    leader: str
    behind_fleet: bool
    newest: Newest | None
    behind_newest: bool
    engine: tuple[Against, ...]

    @property
    def hold(self) -> str | None:
        """Why the group stays behind on purpose, as its lock says; None if it does not."""
        return self.held.group.hold

    @property
    def disagrees(self) -> bool:
        """Whether the engine has another version than this group."""
        return any(not each.agrees for each in self.engine)


class FleetMember(NamedTuple):
    """A checkout with the comparison of each of its groups."""

    checkout: Checkout
    standings: tuple[GroupStatus, ...]


class Fleet(NamedTuple):
    """All checkouts.

    `engine` is the name of the checkout that the others build on, or None. `online` is whether indexes were asked.
    """

    members: tuple[FleetMember, ...]
    engine: str | None
    online: bool

    def counted(self) -> dict[str, int]:
        """Return how many checkouts are behind, disagree, and so on. A checkout can count in several of them."""
        states = [member.checkout.state for member in self.members]
        rows = [member.standings for member in self.members]
        return {
            "repositories": len(self.members),
            "behind": sum(any(each.behind_fleet or each.behind_newest for each in row) for row in rows),
            "disagree": sum(any(each.disagrees for each in row) for row in rows),
            "findings": states.count(State.FINDINGS),
            "noLock": states.count(State.NO_LOCK),
            "unreadable": states.count(State.UNREADABLE),
            "notAsked": sum(any(each.newest and each.newest.error for each in row) for row in rows),
        }

    @property
    def unanswered(self) -> bool:
        """Whether there is an engine but nothing can be compared with it, because its lock cannot be read."""
        return any(not each.standings for each in self.members if each.checkout.name == self.engine)

    @property
    def ok(self) -> bool:
        """Whether no checkout is behind, disagrees or has findings, and every answer that was asked for is known.

        A checkout without a lock does not count, unless it is the engine.
        """
        counts = self.counted()
        return not self.unanswered and not any(
            counts[name] for name in ("behind", "disagree", "findings", "unreadable", "notAsked")
        )
