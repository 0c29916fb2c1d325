"""A requirement's URL (`name @ URL`, or a URL alone): the wanted release that it leads to."""

from __future__ import annotations

from fi_bump.formats.shared.addresses import NOT_MOVED, file_address, git_release, release
from fi_bump.formats.shared.gathered import is_commit, release_span
from fi_bump.formats.shared.pieces import Text
from fi_bump.pins import Guard, Kind, Pin, Source, Span, Unpinned, Wanted, make_pin
from fi_bump.records import NamedTuple


class Addressed(NamedTuple):
    """A URL, `passage.data[start:end]`, and how to report it.

    `anchor` is None where the subject becomes the anchor. `broken_by` names what joins the passage's pieces.
    """

    source: Source
    passage: Text
    start: int
    end: int
    wanted: Wanted
    anchor: str | None
    broken_by: str


def judge_address(place: Addressed) -> Pin | Unpinned | None:
    """Return the pin or the report for a URL, or None for a URL of nothing wanted."""
    text = place.passage.data[place.start : place.end]
    git = git_release(text, place.wanted)
    if git is not None:
        subject, ref = git
        if ref is None:
            return _report(place, subject, "installed without a release")
        found = release_span(text[ref[0] : ref[1]])
        if found and not is_commit(text[ref[0] : ref[1]]):
            spans = ((ref[0] + found[0], ref[0] + found[1]),)
            return _pin(place, spans, f"git+{subject}", Kind.GIT_REF, subject)
        if b"${" in text[ref[0] : ref[1]]:
            return None
        return _report(
            place, subject, "a commit, not a release" if is_commit(text[slice(*ref)]) else "not a release tag"
        )
    address = release(text, place.wanted)
    if address is None:
        return None
    if not address.versions:
        return _report(place, address.subject, address.reason or NOT_MOVED)
    pin = _pin(place, address.versions, f"url {address.subject}", Kind.URL, address.subject)
    if address.reason is None or isinstance(pin, Unpinned):
        return pin
    first, last = address.digest or (0, 0)
    checksums = (place.passage.span(place.start + first, place.start + last),) if first < last else ()
    return guarded(place, pin, address.reason, checksums)


def guarded(place: Addressed, pin: Pin, reason: str, checksums: tuple[Span, ...]) -> Pin:
    """Return the pin that `judge_address` found at this place, with a guard for the checksums of the URL's file."""
    text = place.passage.data[place.start : place.end]
    address = release(text, place.wanted)
    return pin._replace(guard=Guard(reason, checksums, file_address(text, address.versions) if address else None))


def _pin(
    place: Addressed, indexes: tuple[tuple[int, int], ...], anchor: str, kind: Kind, subject: str
) -> Pin | Unpinned:
    passage = place.passage
    at = [(place.start + start, place.start + end) for start, end in indexes]
    if not all(passage.is_whole(place.source, start, end) for start, end in at):
        return _report(place, subject, f"the version is split by {place.broken_by}")
    first, *others = [passage.span(start, end) for start, end in at]
    pin = make_pin(place.source, first.start, first.end, place.anchor or anchor, kind, subject)
    return pin._replace(repeats=tuple(others)) if others else pin


def _report(place: Addressed, subject: str, reason: str) -> Unpinned:
    return Unpinned(place.source, place.passage.span(place.start, place.end), subject, reason)
