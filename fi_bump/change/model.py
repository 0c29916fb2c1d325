"""The change between two states of a repository, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fi_bump.releases.notes import GroupNotes
from fi_bump.releases.on_the_way import Release

if TYPE_CHECKING:
    from fi_bump.compare.model import RunComparison
    from fi_bump.fit.model import Fit
    from fi_bump.scanning.mentions import Mention
    from fi_bump.smoke.model import SmokeReport


class MovedPin(NamedTuple):
    """One pin before and after. `old` is None for a new pin; `new` and `line` are None for a removed one."""

    path: str
    line: int | None
    subject: str
    old: str | None
    new: str | None


class GroupChange(NamedTuple):
    """The change of one group. `old` is None for a group that is new in the lock.

    `repository` has the pages of its releases (`github.com/owner/name`). `probed` is whether `smoke` can test the
    group. `notes` say what to run or to review in addition to the mentions.
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
    """The indexes' answers about the change.

    `audit` are the audit's lines, with the numbers of `conflicts` and `notes` among them. `releases` are, by group,
    those between the old and the new version. `members` are sentences about packages whose releases were not checked.
    `fits` say how the code fits the new releases, where that was compared. `release_notes` are those that were asked
    for.
    """

    audit: tuple[str, ...]
    conflicts: int
    notes: int
    releases: dict[str, tuple[Release, ...]]
    members: tuple[str, ...]
    fits: tuple[Fit, ...] = ()
    release_notes: tuple[GroupNotes, ...] = ()


class Description(NamedTuple):
    """The whole change.

    `removed` are the groups that are no longer in the lock. `findings` are the errors that `check` finds in the present
    tree. `asked` is None if no index was asked, `report` is None without a smoke report, and `tests` is None without a
    comparison of test runs.
    """

    groups: tuple[GroupChange, ...]
    removed: tuple[str, ...]
    findings: tuple[str, ...]
    asked: Asked | None
    report: SmokeReport | None = None
    tests: RunComparison | None = None
