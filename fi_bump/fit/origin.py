"""The release in which what a finding says came up, between one that does not have it and one that does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fi_bump.errors import FiBumpError
from fi_bump.findings.rules import Rule
from fi_bump.fit.compiled import miscounted
from fi_bump.fit.engine.uses import PrivateCall, Reference, Use
from fi_bump.fit.judge import judge
from fi_bump.fit.meanings import meanings
from fi_bump.fit.model import ApiFinding, Since
from fi_bump.fit.notes import Notes
from fi_bump.fit.packages import known_api
from fi_bump.fit.release import ReleaseSide, compare
from fi_bump.fit.sources import ReleaseSources
from fi_bump.releases.release_pages import page_of

# Whether a finding is true of a release; None where it cannot be told.
Holds = Callable[[str], bool | None]
_OF_NOTES = frozenset([Rule.API_DEPRECATED, Rule.API_MOVED])
# What is known without any release between the two, or is rare and says whether the code works at all.
_ALWAYS = frozenset([Rule.API_PIN, Rule.API_MEANING])
# Each release between costs a second, and some megabytes of its wheel at the first time.
MOST_BETWEEN = 6
# All releases are after it.
_BEFORE_ALL = "0.dev0"


class Turn(NamedTuple):
    """Where something becomes true on the way: the last release without it, if there is one, and the first with it."""

    last_without: str | None
    first: str


class Step(NamedTuple):
    """The releases of one package, and the two that are compared; `pages` is where releases have their pages.

    That is `github.com/owner/name`, or None where it is not known. With `trace_notes` notes are traced however many
    releases are between the two.
    """

    sources: ReleaseSources
    pinned: ReleaseSide
    proposed: ReleaseSide
    pages: str | None
    trace_notes: bool = False

    def since(self, version: str) -> Since:
        """A release with its day and its page."""
        page = page_of(self.pages, f"v{version}") if self.pages else None
        return Since(version, self.sources.releases.uploaded(version), page, self.is_way_back)

    def traces(self, finding: ApiFinding) -> bool:
        """Whether the release in which a finding came up is looked for: for a note only on a short way."""
        return finding.fails or finding.rule in _ALWAYS or self.trace_notes or len(self.releases()) <= MOST_BETWEEN + 1

    @property
    def is_way_back(self) -> bool:
        """Whether the proposed release is older than the pinned one."""
        return compare(self.proposed.version, "<", self.pinned.version) is True

    def releases(self) -> list[str]:
        """The releases that the move passes: from the one next to the pinned release to the proposed one."""
        old, new = self.pinned.version, self.proposed.version
        inside = (
            self.sources.releases.between(new, old)[::-1]
            if self.is_way_back
            else self.sources.releases.between(old, new)
        )
        return [*inside, new]

    def changed(self, turn: Turn) -> str:
        """The release that made a change: on the way back, the last one that the move meets without it."""
        return (turn.last_without or self.pinned.version) if self.is_way_back else turn.first


def traced(finding: ApiFinding, move: Step) -> ApiFinding:
    """The finding with the first release that has it, found by halving those between the two that are compared.

    On a move to an older release it is the release that brought what is missing: the one after the newest that has the
    finding. Of code that does not fit its own pin it is the first release that the code fits, or else the one that it
    does not fit any more. Releases that cannot be read are passed over: the answer is then the next one that can.
    What the move does not trace stays as it is.
    """
    if not move.traces(finding):
        return finding
    match finding.rule:
        case Rule.API_PRECONDITION:
            return _checks_traced(finding, move)
        case Rule.API_PIN:
            return finding._replace(since=_since_of_the_pin(finding, move))
        case Rule.API_MEANING:
            rule = next(each for each in meanings(move.pinned.package) if each.name == finding.detail)
            found = _turn(move.releases(), lambda version: rule.concerns(move.pinned.version, version))
        case Rule.API_DEPRECATED if _has(finding, finding.uses[0], move.pinned, move.pinned):
            return finding  # it was so before
        case _:
            found = _turn(move.releases(), _holding(finding, move))
    return finding._replace(since=move.since(move.changed(found)))


def _holding(finding: ApiFinding, move: Step) -> Holds:
    """Whether a move from the pinned release to another one has the finding."""

    def holds(version: str) -> bool | None:
        side = _readable(move.sources, version)
        if side is None:
            return None
        use = finding.uses[0]
        # Where a release makes names at run time, a name that its source does not have is not known to be missing.
        return _has(finding, use, move.pinned, side) or (None if _is_unknown(finding.symbol, use, side) else False)

    return holds


def _is_unknown(symbol: str, use: Use, side: ReleaseSide) -> bool:
    """Whether a release may have the name that a finding is about, though its source does not show it.

    What comes after the name in the use is mostly an attribute of an object, of which nothing is known in any release.
    """
    for each in use.references:
        for end in range(1, len(each.path) + 1):
            if ".".join((each.module, *each.path[:end])) == symbol:
                answer = side.resolve(Reference(each.module, each.path[:end]))[0]
                return answer.is_open and not answer.things
    return False


def _has(finding: ApiFinding, use: Use, pinned: ReleaseSide, proposed: ReleaseSide) -> bool:
    native = known_api(pinned.package).native
    if finding.rule in _OF_NOTES:
        raised = list(Notes(pinned, proposed, native).of([use]))
    elif use.references[0].module or native is None or use.call is None:
        raised = judge([use], pinned, proposed)
    else:
        attribute, name = use.references[0].path
        raised = list(miscounted([PrivateCall(use.place, attribute, name, use.call)], pinned, proposed, native))
    return any(
        (each.rule, each.symbol, each.detail) == (finding.rule, finding.symbol, finding.detail) for each in raised
    )


def _checks_traced(finding: ApiFinding, move: Step) -> ApiFinding:
    """New checks, each with its release where that is not the first one's."""
    native = known_api(move.pinned.package).native
    added: dict[str, frozenset[str] | None] = {}

    def words(version: str) -> frozenset[str] | None:
        if version not in added:
            side = _readable(move.sources, version)
            raised = () if side is None else Notes(move.pinned, side, native).of(finding.uses[:1])
            added[version] = None if side is None else frozenset(each for one in raised for each in one.reasons)
        return added[version]

    def holding(reason: str) -> Holds:
        return lambda version: None if (found := words(version)) is None else reason in found

    releases = move.releases()
    turns = [_turn(releases, holding(each)) for each in finding.reasons]
    first = min(turns, key=lambda each: releases.index(each.first))
    word = "changed in" if move.is_way_back else "since"
    reasons = tuple(
        reason if turn.first == first.first else f"{reason} ({word} {move.changed(turn)})"
        for reason, turn in zip(finding.reasons, turns, strict=True)
    )
    return finding._replace(since=move.since(move.changed(first)), reasons=reasons)


def _since_of_the_pin(finding: ApiFinding, move: Step) -> Since | None:
    """Of code that does not fit its pin: the first release that it fits, or the one that it does not fit any more.

    None where it fits no release, earlier ones included.
    """
    use = finding.uses[0]

    def breaks(version: str) -> bool | None:
        side = _readable(move.sources, version)
        met = None if side is None else side.meet(use)
        return None if met is None else met.is_broken

    if finding.repaired:
        later = move.releases()
        return move.since(_turn(later, lambda version: None if (found := breaks(version)) is None else not found).first)
    earlier = [*move.sources.releases.between(_BEFORE_ALL, move.pinned.version), move.pinned.version]
    first = _turn(earlier, breaks).first
    return None if first == earlier[0] else move.since(first)


def _turn(versions: Sequence[str], holds: Holds) -> Turn:
    """Where something becomes true: it is of no release before the first one, and of all from there to the last one.

    It is asked of as few as possible, and not of the last one, of which it is known.
    """
    left = list(versions)
    first, last = 0, len(left) - 1
    while first < last:
        middle = (first + last) // 2
        answer = holds(left[middle])
        if answer is None:
            del left[middle]
            last -= 1
        elif answer:
            last = middle
        else:
            first = middle + 1
    return Turn(left[last - 1] if last else None, left[last])


def _readable(sources: ReleaseSources, version: str) -> ReleaseSide | None:
    try:
        return sources.side(version)
    except FiBumpError:
        sources.releases.note_unreadable()
        return None
