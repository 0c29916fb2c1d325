"""Resolve the conflicts of one file that are about versions: set the pins of every side, then merge the sides again."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from fi_bump.editing.plan import make_plan
from fi_bump.errors import ParseError
from fi_bump.git import conflict
from fi_bump.lock.records import Lock
from fi_bump.ownership import Assigned, agrees, assign
from fi_bump.pins import Edit, Pin, Place, Source, Span, splice
from fi_bump.repository import Repository
from fi_bump.scanning import markers
from fi_bump.scanning.asked import literal_anchors, recorded_anchors, wanted_by
from fi_bump.scanning.in_tests import split_tests
from fi_bump.scanning.look import look
from fi_bump.scanning.markers import Hunk
from fi_bump.scanning.scan import Scan


class MergedFile(NamedTuple):
    """A file with its pins at the locked versions: its bytes before and after, and the places of what stays open.

    `reason` says why nothing of the file could be decided, if so.
    """

    path: str
    old: bytes
    new: bytes
    left: tuple[Place, ...]
    reason: str | None = None


def merge_file(repository: Repository, source: Source, stages: conflict.Stages | None) -> MergedFile:
    """Return a conflicted file with the pins of the repository's lock set on both sides, and merged again.

    What the user has written between the conflicts stays, because it is in every text that is merged.
    """
    data = source.data
    hunks = markers.hunks(data)
    bases = {} if stages is None else _bases(repository.root, stages)

    def base(hunk: Hunk) -> bytes:
        if hunk.base is not None:
            return _cut(data, hunk.base)
        return bases.get((_cut(data, hunk.ours), _cut(data, hunk.theirs)), b"")

    texts = [
        Source(source.path, markers.chosen(data, lambda hunk: _cut(data, hunk.ours))),
        Source(source.path, markers.chosen(data, lambda hunk: _cut(data, hunk.theirs))),
    ]
    old = Source(source.path, markers.chosen(data, base))
    left = tuple(source.place(span) for span in markers.marked(data))
    if not hunks:
        return MergedFile(source.path, data, data, left, "it has a conflict marker without its partners")
    try:
        ours, theirs = [at_the_lock(repository, text) for text in texts]
    except ParseError as error:
        return MergedFile(source.path, data, data, left, f"one side of it cannot be parsed: {error.message}")
    # The ancestor only helps to merge: where it cannot be parsed, its own text is good enough.
    with suppress(ParseError):
        old = at_the_lock(repository, old)
    ours, theirs = _with_checksums(repository.lock, ours, theirs), _with_checksums(repository.lock, theirs, ours)
    shows_base = any(hunk.base is not None for hunk in hunks)
    labels = _labels(data, hunks[0])
    new = conflict.merge(repository.root, ours.data, old.data, theirs.data, labels, show_base=shows_base)
    after = Source(source.path, new)
    return MergedFile(source.path, data, new, tuple(after.place(span) for span in markers.marked(new)))


def found_in(lock: Lock, source: Source) -> Scan:
    """Return the scan of one file's bytes. Raises ParseError for bytes that are not of the file's format."""
    literals, anchors = literal_anchors(lock.groups), recorded_anchors(lock.groups)
    found = look(source, wanted_by(lock.groups), literals.get(source.path, ()), anchors.get(source.path, ()))
    pins, in_tests = split_tests(found.pins, lock)
    return Scan(pins, found.unpinned, found.floors, (), (source.path,), in_tests=in_tests)


def at_the_lock(repository: Repository, source: Source) -> Source:
    """Return a text with every pin that can move at its group's version; the result is verified like that of `set`."""
    plan = repository.verified(make_plan(repository.lock, found_in(repository.lock, source)))
    return Source(source.path, plan.changes[0].new) if plan.changes else source


def _with_checksums(lock: Lock, text: Source, other: Source) -> Source:
    """Return a text in which a pin that cannot move has version and checksums as the other side has them.

    That is done where the other side's pin at the same anchor has the locked version, and as many checksums.
    """
    pins = {each.pin.anchor: each for each in assign(lock, found_in(lock, other).pins)}
    edits: list[Edit] = []
    for each in assign(lock, found_in(lock, text).pins):
        twin = pins.get(each.pin.anchor)
        if twin is None or _agrees(each) or not _agrees(twin):
            continue
        here, there = _regions(each.pin), _regions(twin.pin)
        if len(here) == len(there):
            edits += [
                Edit(span, _cut(text.data, span), _cut(other.data, new)) for span, new in zip(here, there, strict=True)
            ]
    return Source(text.path, splice(text.data, edits)) if edits else text


def _agrees(each: Assigned) -> bool:
    return each.group is not None and agrees(each.pin.version, each.group.version)


def _regions(pin: Pin) -> list[Span]:
    """Return the spans of all that belongs to a pin's version: the version itself, its checksums, all hashes as one."""
    checksums = pin.guard.checksums if pin.guard else ()
    hashes = [Span(pin.hashes[0].start, pin.hashes[-1].end)] if pin.hashes else []
    return [pin.span, *pin.repeats, *checksums, *hashes]


def _bases(root: str, stages: conflict.Stages) -> dict[tuple[bytes, bytes], bytes]:
    """Return the ancestor's text of each conflict, by both sides' texts, where git has all three files."""
    if stages.base is None or stages.ours is None or stages.theirs is None:
        return {}
    base, ours, theirs = (conflict.blob(root, name) for name in (stages.base, stages.ours, stages.theirs))
    merged = conflict.merge(root, ours, base, theirs, ("ours", "base", "theirs"), show_base=True)
    return {
        (_cut(merged, hunk.ours), _cut(merged, hunk.theirs)): _cut(merged, hunk.base)
        for hunk in markers.hunks(merged)
        if hunk.base is not None
    }


def _labels(data: bytes, hunk: Hunk) -> tuple[str, str, str]:
    """Return the labels of a conflict's markers: of our side, of the ancestor, of theirs."""
    lines = [data[hunk.span.start : hunk.ours.start], b"", data[hunk.theirs.end : hunk.span.end]]
    if hunk.base is not None:
        lines[1] = data[hunk.ours.end : hunk.base.start]
    ours, base, theirs = (line.strip().partition(b" ")[2].decode("utf-8", "surrogateescape") for line in lines)
    return ours or "ours", base or "base", theirs or "theirs"


def _cut(data: bytes, span: Span) -> bytes:
    return data[span.start : span.end]
