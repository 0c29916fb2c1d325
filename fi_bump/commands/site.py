"""`fi-bump site`: record, re-point and remove sites, also literal sites in files that no finder reads."""

from __future__ import annotations

import re

from fi_bump.boundary.here import shown, shown_site, typed_site
from fi_bump.commands.locked import locked_repository
from fi_bump.editing import write
from fi_bump.errors import Exit, UsageError, quoted
from fi_bump.formats import literal
from fi_bump.grammar import LITERAL, LITERAL_MARK, VERSION, is_literal_anchor
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Group, Lock
from fi_bump.lock.writing import dump
from fi_bump.ownership import agrees, site_to_record
from fi_bump.pins import BY_HAND, Kind, Mark, Pin, Source
from fi_bump.repository import Repository
from fi_bump.request import named_group
from fi_bump.scanning import files
from fi_bump.scanning.look import offered_pin, overlap
from fi_bump.scanning.markers import marked
from fi_bump.scanning.mention_rules import required_package, rules_of
from fi_bump.scanning.scan import Scan
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say

_LINE = re.compile(r"(?P<path>.+):(?P<line>[1-9][0-9]{0,8})(?::[0-9]+)?")
_VERSION = re.compile(rb"(?<![0-9A-Za-z.])v?(?P<version>" + VERSION + rb")(?![0-9A-Za-z]|[.-][0-9])", re.IGNORECASE)


def add_site(root: str, place: str, group_name: str | None, text: str | None) -> int:
    """Record a site under a group and return 0.

    `place` is `PATH#ANCHOR`, or `PATH:LINE` as `check` prints it. With `text`, a line's text that contains `{version}`,
    the site is a literal. Raises UsageError unless there is exactly one pin at the place, and for a version that must
    not move alone: an exact gate, or one with a checksum, whose own anchor keeps the checksum in mind.
    """
    with locked_repository(root) as repository:
        _refuse_conflict(repository, place)
        pin = _new_literal(repository, place, group_name, text) if text else _pin_at(repository, place, group_name)
        if is_literal_anchor(pin.anchor):
            pin = _refuse_alone(repository, pin) or pin
        group = _owner(repository.lock, pin, group_name)
        if is_literal_anchor(pin.anchor):
            _refuse_foreign(pin, group)
        other = next((each for each in repository.lock.groups if pin.site in each.sites), None)
        if other == group:
            tell("site", lambda: {"group": group.name, "site": pin.site})
            say([f"{shown_site(pin.site)} is already a site of {group.name}"])
            return int(Exit.OK)
        lock = repository.lock
        if other:
            lock = lock.replace_group(other._replace(sites=tuple(site for site in other.sites if site != pin.site)))
        lock = lock.replace_group(group._replace(sites=(*group.sites, site_to_record(pin))))
        _write(repository, lock, "site add")
    tell("site", lambda: {"group": group.name, "site": pin.site})
    say(
        [
            f"recorded {shown_site(pin.site)} under {group.name}"
            + (f" and removed it from {other.name}" if other else "")
        ]
    )
    if not agrees(pin.version, group.version):
        say(
            [f"note: this pin is {pin.version}, the lock says {group.version}; run fi-bump check --fix to move the pin"]
        )
    return int(Exit.OK)


def _refuse_conflict(repository: Repository, place: str) -> None:
    """Raise UsageError if the file of a place has a merge conflict: nobody can say which of its versions counts."""
    line = _LINE.fullmatch(place)
    path = files.below(repository.root, line["path"] if line else place.partition("#")[0])
    source = files.read_optional(repository.root, path)
    spans = [] if source is None else marked(source.data)
    if source is not None and spans:
        hint = "run fi-bump resolve, then record it again"
        raise UsageError("this file has a merge conflict", place=str(source.place(spans[0])), hint=hint)


def _refuse_alone(repository: Repository, literal: Pin) -> Pin | None:
    """Return the pin whose site the lock has for the version of a literal already, if there is one.

    Raises UsageError if the literal is for a version that must not move alone, or if its text has more that moves.
    """
    found = repository.scan([shown(literal.source.path)])
    sites = repository.lock.sites
    known = [pin for pin in found.pins if pin.kind is Kind.LITERAL and pin.span == literal.span and pin.site in sites]
    if known:
        return known[0]
    _refuse_more(literal, found)
    for pin in found.pins:
        if pin.guard and pin.kind is not Kind.LITERAL and overlap(pin.span, literal.span):
            message = f"this version must not move alone: {pin.guard.reason}"
            hint = f"record the pin itself, which keeps that in mind: fi-bump site add {quoted(pin.site)}"
            raise UsageError(message, place=str(pin.place), hint=hint)
    for place in found.unpinned:
        is_gate = place.mark is Mark.EXACT_GATE and not place.reason.endswith(BY_HAND)
        if is_gate and overlap(place.span, literal.span):
            hint = "leave it as it is: fi-bump set lists it among the places to look at"
            raise UsageError(f"this is {place.reason}", place=str(place.place), hint=hint)
    return None


def _refuse_foreign(literal: Pin, group: Group) -> None:
    """Raise UsageError if the version of a literal is the requirement or the file of a package of no group's."""
    name = required_package(literal.source.data, literal.span.start, literal.span.end)
    if name is not None and name not in rules_of(group).packages:
        message = f"this is the version of {name}, which does not belong to the group '{group.name}'"
        raise UsageError(message, place=str(literal.place), hint="run fi-bump status to list the groups")


def _refuse_more(pin: Pin, found: Scan) -> None:
    """Raise UsageError if the text of a literal contains its version again, or a pin: it would not match again."""
    text = pin.anchor.removeprefix(LITERAL)
    if any(match["version"].decode() == pin.version for match in _VERSION.finditer(text.encode("utf-8", "replace"))):
        hint = f"write {LITERAL_MARK} at each place of the version"
        raise UsageError(f"'{text}' contains {pin.version} a second time", place=pin.source.path, hint=hint)
    (place,) = literal.places(pin.source, pin.anchor)
    for other in found.pins:
        if overlap(other.span, place.whole) and not any(overlap(other.span, each) for each in place.versions):
            message = f"'{text}' contains the pin {other.anchor}, whose version moves too"
            raise UsageError(message, place=str(other.place), hint="give a shorter part of the line")


def move_site(root: str, old: str, new: str) -> int:
    """Replace a recorded site with the site of the pin at `new`, and return 0.

    Raises UsageError when no group records `old`, when `new` is not exactly one pin of that group, or when `new` is
    recorded already.
    """
    with locked_repository(root) as repository:
        old = _recorded(repository.lock, old)
        group = _recording(repository.lock, old)
        _refuse_conflict(repository, new)
        pin = _pin_at(repository, new, group.name)
        taken = next((each.name for each in repository.lock.groups if pin.site in each.sites), None)
        if taken:
            hint = f"run fi-bump site remove '{old}' to remove the old site"
            raise UsageError(f"'{pin.site}' is already a site of '{taken}'", hint=hint)
        if pin.subject not in group.subjects:
            raise _foreign(pin, group.name)
        sites = tuple(site_to_record(pin) if site == old else site for site in group.sites)
        _write(repository, repository.lock.replace_group(group._replace(sites=sites)), "site move")
    tell("site", lambda: {"group": group.name, "site": pin.site, "from": old})
    say([f"{group.name}: {shown_site(old)} is now {shown_site(pin.site)}"])
    return int(Exit.OK)


def remove_site(root: str, site: str) -> int:
    """Remove a recorded site from the lock and return 0. Raises UsageError when no group records it.

    A group that shares a name with another one goes with its last site: without sites nothing would tell them apart.
    """
    with locked_repository(root) as repository:
        site = _recorded(repository.lock, site)
        group = _recording(repository.lock, site)
        others = tuple(each for each in repository.lock.groups if each.name != group.name)
        shared = next((each.name for each in others if not group.subjects.isdisjoint(each.subjects)), None)
        sites = tuple(each for each in group.sites if each != site)
        is_gone = not sites and shared is not None
        lock = repository.lock.replace_group(group._replace(sites=sites))
        _write(repository, lock._replace(groups=others) if is_gone else lock, "site remove")
    gone = f"; it was the last one, and {shared} has the same packages, so the lock has no {group.name} now"
    tell("site", lambda: {"group": group.name, "site": site})
    say([f"{group.name} no longer records {shown_site(site)}{gone if is_gone else ''}"])
    return int(Exit.OK)


def _write(repository: Repository, lock: Lock, command: str) -> None:
    data = dump(lock)
    load(data)
    write.commit(repository.root, [write.FileChange(LOCK_NAME, repository.lock_data, data)], command)


def _recorded(lock: Lock, site: str) -> str:
    """Return a site of the command line as the lock records it; its path may be relative to where the user is."""
    return typed_site(site) if typed_site(site) in lock.sites else site


def _recording(lock: Lock, site: str) -> Group:
    group = next((group for group in lock.groups if site in group.sites), None)
    if group is None:
        raise UsageError(f"no group records '{site}'", hint="run fi-bump status to list the recorded sites")
    return group


def _foreign(pin: Pin, name: str) -> UsageError:
    message = f"'{pin.site}' pins {pin.subject}, which does not belong to the group '{name}'"
    return UsageError(message, hint="run fi-bump status to list the groups")


def _owner(lock: Lock, pin: Pin, name: str | None) -> Group:
    """Return the named group, or without a name the only group that the pin's subject belongs to.

    Raises UsageError when the group does not have the subject, or when several groups do.
    """
    owners = [group for group in lock.groups if pin.subject in group.subjects]
    if name is None:
        if len(owners) != 1:
            names = ", ".join(group.name for group in owners)
            raise UsageError(f"{pin.subject} could belong to {names}", hint="choose one with --group NAME")
        return owners[0]
    group = named_group(lock, name)
    if group not in owners:
        raise _foreign(pin, name)
    return group


def _pin_at(repository: Repository, place: str, group_name: str | None) -> Pin:
    """Return the only pin at a place. On a line without a pin, a named group gets a literal of the line's version.

    Raises UsageError when the place is malformed, or has no pin or several.
    """
    path, separator, anchor = place.partition("#")
    line = _LINE.fullmatch(place)
    if separator and anchor.startswith(LITERAL):
        return _new_literal(repository, path, group_name, anchor.removeprefix(LITERAL))
    if not separator and line is None:
        message = f"'{place}' is neither PATH#ANCHOR nor PATH:LINE"
        raise UsageError(message, hint="copy a place from the output of fi-bump check")
    path = files.relative(repository.root, line["path"] if line and not separator else path)
    found = repository.scan([shown(path)])
    pins = [pin for pin in (*found.pins, *found.in_tests) if pin.source.path == path]
    offered = [offered_pin(each) for each in found.unpinned if each.anchor is not None and each.source.path == path]
    if separator:
        pins = [pin for pin in (*pins, *offered) if pin.anchor == anchor]
    elif line:
        pins = [each for some in (pins, offered) for each in some if each.place.line == int(line["line"])]
        if not pins and group_name is not None:
            return _literal_on(repository, path, int(line["line"]), named_group(repository.lock, group_name))
    if not pins:
        where = "with this anchor" if separator else "on this line"
        hint = (
            "to record a version that fi-bump does not recognise, add --group NAME, and --text if the line has several"
        )
        raise UsageError(f"there is no pin {where}", place=place, hint=hint)
    if len(pins) > 1:
        hint = f"name one of them: {', '.join(pin.site for pin in pins)}"
        raise UsageError(f"there are {len(pins)} pins on this line", place=place, hint=hint)
    return pins[0]


def _literal_on(repository: Repository, path: str, number: int, group: Group) -> Pin:
    """Return the literal made from a line's text, with its version replaced by the mark wherever it is.

    Raises UsageError when the line has no version, or several different ones.
    """
    source = files.read(repository.root, path)
    lines = source.data.split(b"\n")
    line = lines[number - 1].strip() if number <= len(lines) else b""
    versions = [match for match in _VERSION.finditer(line) if b"." in match["version"]]
    if len({match["version"] for match in versions}) != 1:
        hint = f"mark the version with --text 'TEXT {LITERAL_MARK} TEXT'"
        raise UsageError(f"this line has {len(versions)} versions", place=f"{path}:{number}", hint=hint)
    for match in reversed(versions):
        start, end = match.span("version")
        line = line[:start] + LITERAL_MARK.encode() + line[end:]
    return _literal(source, line.decode("utf-8", "surrogateescape"), group)


def _new_literal(repository: Repository, place: str, group_name: str | None, text: str) -> Pin:
    """Return the literal of a text in a file. Raises UsageError when the group is unclear or the text does not fit."""
    groups = repository.lock.groups
    if group_name is None and len(groups) > 1:
        message = f"the lock has {len(groups)} groups, and the text does not tell which one it belongs to"
        raise UsageError(message, hint="add --group NAME")
    group = named_group(repository.lock, group_name or groups[0].name)
    line = _LINE.fullmatch(place)
    path = files.relative(repository.root, line["path"] if line else place)
    return _literal(files.read(repository.root, path), text, group)


def _literal(source: Source, text: str, group: Group) -> Pin:
    anchor = LITERAL + text
    if not is_literal_anchor(anchor):
        message = f"'{text}' does not contain {LITERAL_MARK} together with other text"
        raise UsageError(message, hint="quote the text for the shell")
    found = literal.places(source, anchor)
    if len(found) != 1:
        message = f"'{text}' matches {len(found)} times in this file; it must match exactly once"
        raise UsageError(message, place=source.path, hint="give a longer part of the line")
    return literal.find(source, [(anchor, group.package_names)]).pins[0]
