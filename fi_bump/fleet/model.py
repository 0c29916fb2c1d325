"""Many checkouts and how they stand to each other, as data."""

from __future__ import annotations

from enum import Enum

from fi_bump.lock import Group
from fi_bump.records import NamedTuple


class State(Enum):
    """What became of reading a checkout."""

    IN_STEP = "in step"
    FINDINGS = "findings"
    NO_LOCK = "no lock"
    UNREADABLE = "cannot be read"


class Held(NamedTuple):
    """A group of a checkout: how many pins it has, and how many findings `check` has of it."""

    group: Group
    pins: int
    findings: int


class Checkout(NamedTuple):
    """One repository as it was read.

    `name` is unique in the fleet, `path` is as it was given; `findings` are all of `check`'s errors, those of no group
    too, and `error` is why it cannot be read.
    """

    name: str
    path: str
    state: State
    groups: tuple[Held, ...] = ()
    findings: int = 0
    error: str | None = None


class Newest(NamedTuple):
    """What the indexes say of a group: the newest version that every member has, or why that is not known."""

    version: str | None
    error: str | None = None


class Against(NamedTuple):
    """A group of the engine that one of another repository must agree with, and what they share.

    `through` are the packages, or empty where the groups have one name.
    """

    group: str
    version: str
    through: tuple[str, ...]
    agrees: bool


class GroupStatus(NamedTuple):
    """A group of a checkout in the fleet.

    `fleet` is the newest version that this group is locked at anywhere, and `leader` the first checkout that has it;
    `newest` is None where no index was asked. `engine` is empty for the engine's own groups, and where it has no part.
    """

    held: Held
    fleet: str
    leader: str
    behind_fleet: bool
    newest: Newest | None
    behind_newest: bool
    engine: tuple[Against, ...]

    @property
    def disagrees(self) -> bool:
        """Whether the engine has another version."""
        return any(not each.agrees for each in self.engine)


class FleetMember(NamedTuple):
    """A checkout with the standing of its groups."""

    checkout: Checkout
    standings: tuple[GroupStatus, ...]


class Fleet(NamedTuple):
    """All of it; `engine` is the name of the checkout that the others build on."""

    members: tuple[FleetMember, ...]
    engine: str | None
    online: bool

    def counted(self) -> dict[str, int]:
        """How many checkouts are behind, disagree, and so on, each counted once for each."""
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
        """Whether there is an engine and nobody can be held against it, since it has no lock that can be read."""
        return any(not each.standings for each in self.members if each.checkout.name == self.engine)

    @property
    def ok(self) -> bool:
        """Whether nothing is behind, disagrees or has findings, and nothing that was asked stayed unknown.

        A checkout without a lock is not held against the fleet, unless it is the engine.
        """
        counts = self.counted()
        return not self.unanswered and not any(
            counts[name] for name in ("behind", "disagree", "findings", "unreadable", "notAsked")
        )
