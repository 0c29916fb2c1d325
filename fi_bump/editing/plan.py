"""Plan the edits that make a tree agree with a lock, and verify them. Pure: no file is read or written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from fi_bump.errors import REPORT_WITH_FILE, FileError, InternalError, ParseError, quoted
from fi_bump.grammar import is_literal_anchor
from fi_bump.lock.records import Group, Lock
from fi_bump.ownership import Assigned, agrees, assign, recorded_sites, release_hashes, site_to_record
from fi_bump.pins import Edit, Found, Kind, Pin, Source, Span, splice
from fi_bump.scanning.scan import Scan


class Reading(NamedTuple):
    """A pin as a finder reads it, without its place."""

    anchor: str
    kind: Kind
    subject: str
    version: str
    hashes: tuple[str, ...]
    repeats: tuple[str, ...]
    checksums: tuple[str, ...] = ()


class Move(NamedTuple):
    """A pin, its new version, and its edits: those of the version, and of its hashes or checksums if it has any.

    A checksum that belongs to several pins is among the edits of the first one.
    """

    pin: Pin
    version: str
    edits: tuple[Edit, ...]


class PlannedChange(NamedTuple):
    """The moves in one file, in the order of the file, and every pin that its finder must find there afterwards."""

    source: Source
    moves: tuple[Move, ...]
    expected: tuple[Reading, ...]

    @property
    def edits(self) -> list[Edit]:
        """The edits of all moves."""
        return [edit for move in self.moves for edit in move.edits]

    @property
    def new(self) -> bytes:
        """The file's bytes after the edits."""
        return splice(self.source.data, self.edits)


class Plan(NamedTuple):
    """A lock and the file changes that make the tree agree with it."""

    lock: Lock
    changes: tuple[PlannedChange, ...]

    @property
    def moved(self) -> int:
        """The number of pins that change."""
        return sum(len(change.moves) for change in self.changes)


def make_plan(
    lock: Lock,
    scan: Scan,
    versions: Mapping[str, str] | None = None,
    checksums: Mapping[tuple[str, str], str] | None = None,
) -> Plan:
    """Return the lock with the pins' sites recorded, and the edits that follow from it.

    With `versions` (group name to new version) only those groups move, otherwise all groups. A pin with hashes moves if
    the lock knows the files of its release. Otherwise it stays, and `compare` with the plan's lock reports it. A pin
    with a guard stays too, unless `checksums` has a new text for each of its checksums; the keys are its site and the
    old text.
    """
    moving = {group.name for group in lock.groups} if versions is None else set(versions)
    for name, version in (versions or {}).items():
        group = lock.group(name)
        if group is None:
            raise InternalError(f"the plan names an unknown group '{name}'")
        lock = lock.replace_group(group._replace(version=version))
    assigned = assign(lock, scan.pins)
    for group in lock.groups:
        new = [each.pin for each in assigned if each.group == group and not each.recorded and not each.pin.is_linked]
        if new and group.name in moving:
            sites = tuple(sorted({*group.sites, *map(site_to_record, new)}))
            lock = lock.replace_group(group._replace(sites=sites))
    by_path: dict[str, list[Assigned]] = {}
    for each in assigned:
        by_path.setdefault(each.pin.source.path, []).append(each)
    changes = [_change(entries, moving, checksums or {}) for _, entries in sorted(by_path.items())]
    return Plan(lock, tuple(change for change in changes if change.moves))


def _change(entries: list[Assigned], moving: set[str], checksums: Mapping[tuple[str, str], str]) -> PlannedChange:
    """Return the change of one file; `expected` has every pin of the file as it must read afterwards."""
    moves = []
    expected = []
    summed: dict[Span, str] = {}
    for pin, group, _ in entries:
        reading = _reading(pin)
        new = _new_checksums(pin, checksums) if pin.guard else {}
        stays = new is None or group is None or group.name not in moving or agrees(pin.version, group.version)
        if group is not None and new is not None and not stays:
            digests = release_hashes(group, pin)
            if not pin.hashes:
                places = sorted([pin.span, *pin.repeats])
                edits = [_edit(pin.source, each, group.version) for each in places]
                edits += [_edit(pin.source, span, text) for span, text in new.items() if span not in summed]
                summed |= new
                moves.append(Move(pin, group.version, tuple(edits)))
                reading = reading._replace(version=group.version, repeats=(group.version,) * len(pin.repeats))
            elif digests:
                both = (_edit(pin.source, pin.span, group.version), _hashes_edit(pin, digests))
                moves.append(Move(pin, group.version, both))
                reading = reading._replace(version=group.version, hashes=digests)
        expected.append(reading)
    _refuse_torn_texts(entries, moves)
    if summed:
        expected = [
            reading._replace(checksums=_sums(each.pin, summed)) for reading, each in zip(expected, entries, strict=True)
        ]
    return PlannedChange(entries[0].pin.source, tuple(moves), tuple(expected))


def _new_checksums(pin: Pin, checksums: Mapping[tuple[str, str], str]) -> dict[Span, str] | None:
    """Return the new text of each checksum of a pin with a guard; None if one is not known, or it has none."""
    spans = pin.guard.checksums if pin.guard else ()
    new = {span: checksums.get((pin.site, pin.source.text(span))) for span in spans}
    known = {span: text for span, text in new.items() if text is not None}
    return known if known and len(known) == len(new) else None


def _sums(pin: Pin, summed: Mapping[Span, str]) -> tuple[str, ...]:
    """Return the texts of a pin's checksums after the edits in `summed`."""
    return tuple([summed.get(span) or pin.source.text(span) for span in pin.guard.checksums]) if pin.guard else ()


def _refuse_torn_texts(entries: list[Assigned], moves: list[Move]) -> None:
    """Raise FileError if the recorded text of a literal contains another pin that moves: it would not match again."""
    literals = [each.pin for each in entries if is_literal_anchor(each.pin.anchor)]
    if not literals:
        return
    from fi_bump.formats.literal import places

    for pin in literals:
        own = (pin.span, *pin.repeats)
        for place in places(pin.source, pin.anchor):
            for move in moves:
                if place.whole.start <= move.pin.span.start < place.whole.end and move.pin.span not in own:
                    text = quoted(pin.anchor)
                    message = f"the recorded text {text} contains {move.pin.subject}, which moves too"
                    hint = f"run fi-bump site remove {quoted(pin.site)}, and record a shorter text"
                    raise FileError(message, place=str(pin.place), hint=hint)


def _reading(pin: Pin) -> Reading:
    hashes = tuple([pin.source.text(span) for span in pin.hashes])
    repeats = tuple([pin.source.text(span) for span in pin.repeats])
    return Reading(
        anchor=pin.anchor,
        kind=pin.kind,
        subject=pin.subject,
        version=pin.version,
        hashes=hashes,
        repeats=repeats,
        checksums=_sums(pin, {}),
    )


def _edit(source: Source, span: Span, new: str) -> Edit:
    return Edit(span, source.data[span.start : span.end], new.encode())


def _hashes_edit(pin: Pin, digests: tuple[str, ...]) -> Edit:
    """Return one edit for all hashes of a pin, laid out as the file does it between or before its first hashes."""
    data = pin.source.data
    first, last = pin.hashes[0], pin.hashes[-1]
    if len(pin.hashes) > 1:
        between = data[first.end : pin.hashes[1].start]
    else:
        option = data.rindex(b"--hash", pin.span.end, first.start)
        blanks = data[pin.span.end : option]
        between = blanks[len(blanks.rstrip(b" \t\r\n\\")) :] + data[option : first.start]
    return Edit(
        Span(first.start, last.end), data[first.start : last.end], between.join(each.encode() for each in digests)
    )


def verify(plan: Plan, refind: Callable[[Source], Found]) -> None:
    """Find the pins in the new bytes: the same anchors in the same order, each at its group's version.

    A moved pin that had checksums must have those of its release in the plan's lock, and at least one. Raises
    InternalError if any of this does not hold: a bug in fi-bump, found before anything was written.
    """
    recorded = recorded_sites(plan.lock)
    for change in plan.changes:
        again = _pins(Source(change.source.path, change.new), refind)
        if not _all_as_expected(again, change):
            raise InternalError(
                "after the planned edit the file would have other pins than planned, so nothing was written",
                place=change.source.path,
                hint=REPORT_WITH_FILE,
            )
        _verify_hashes(plan.lock, change, again, recorded)


def reads_as_planned(change: PlannedChange, data: bytes, refind: Callable[[Source], Found]) -> bool:
    """Return whether the pins in other bytes of a file are those that the plan wrote."""
    return _all_as_expected(_pins(Source(change.source.path, data), refind), change)


def _pins(source: Source, refind: Callable[[Source], Found]) -> tuple[Pin, ...]:
    """Return the pins of a file, and none for one that cannot be parsed."""
    try:
        return refind(source).pins
    except ParseError:
        return ()


def _all_as_expected(pins: tuple[Pin, ...], change: PlannedChange) -> bool:
    readings = list(map(_reading, pins))
    return len(readings) == len(change.expected) and all(map(_as_expected, readings, change.expected))


def _as_expected(found: Reading, expected: Reading) -> bool:
    """Whether a pin reads as planned. A name beside it that had the new version already may now belong to it."""
    more = found.repeats[len(expected.repeats) :]
    same = found._replace(repeats=expected.repeats) == expected and len(found.repeats) >= len(expected.repeats)
    return same and all(each == expected.version for each in (*found.repeats[: len(expected.repeats)], *more))


def _verify_hashes(lock: Lock, change: PlannedChange, again: tuple[Pin, ...], recorded: dict[str, Group]) -> None:
    """Raise InternalError where a moved pin had checksums and has not exactly those of its release afterwards.

    `again` are the pins of the new bytes. What the plan expects counts for nothing here: the lock alone says which
    checksums a release has.
    """
    owners = {each.pin.anchor: each for each in assign(lock, again, recorded)}
    for pin, version, _ in change.moves:
        after, group, _ = owners[pin.anchor]
        known = release_hashes(group, pin) if group is not None else ()
        if pin.hashes and (not known or {*map(after.source.text, after.hashes)} != {*known}):
            raise InternalError(
                f"after the planned edit {pin.subject} {version} would have {len(after.hashes)} of the {len(known)} "
                "checksums that the lock has for it, so nothing was written",
                place=change.source.path,
                hint=REPORT_WITH_FILE,
            )
