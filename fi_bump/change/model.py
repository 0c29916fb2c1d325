"""A change between two states of a repository, as data."""

from __future__ import annotations

from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.releases.on_the_way import Release

if TYPE_CHECKING:
    from fi_bump.scanning.mentions import Mention
    from fi_bump.smoke.model import SmokeReport


class MovedPin(NamedTuple):
    """One pin before and after: `old` is None where it is new, `new` and `line` where it is gone."""

    path: str
    line: int | None
    subject: str
    old: str | None
    new: str | None


class GroupChange(NamedTuple):
    """What becomes of one group; `old` is None for one that is new in the lock.

    `repository` is where its releases have pages (`github.com/owner/name`), `probed` whether the smoke stage judges it;
    `notes` are what to run or to look at beside the mentions.
    """

    name: str
    old: str | None
    new: str
    places: tuple[MovedPin, ...]
    repository: str | None
    releases: tuple[Release, ...]
    mentions: tuple[Mention, ...]
    notes: tuple[str, ...]
    probed: bool


class Asked(NamedTuple):
    """What the indexes said of the change.

    `audit` are the audit's lines, `conflicts` and `notes` how many there are; `releases` are those on the way by group,
    `left` the members that no index knows and nothing names.
    """

    audit: tuple[str, ...]
    conflicts: int
    notes: int
    releases: dict[str, tuple[Release, ...]]
    left: tuple[str, ...]


class Description(NamedTuple):
    """The whole change: `asked` is None offline, `report` is None where no smoke report was given.

    `removed` are groups that are no longer in the lock, `findings` what `check` says of the tree as it is.
    """

    groups: tuple[GroupChange, ...]
    removed: tuple[str, ...]
    findings: tuple[str, ...]
    asked: Asked | None
    report: SmokeReport | None = None
