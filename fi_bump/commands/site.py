"""`fi-bump site`: record, re-point and forget the places of pins, also of places that no finder knows."""

from __future__ import annotations

import re

from fi_bump.commands.locked import locked_repository
from fi_bump.editing import write
from fi_bump.errors import Exit, UsageError
from fi_bump.formats import literal
from fi_bump.grammar import LITERAL, LITERAL_MARK, VERSION, is_literal_anchor
from fi_bump.lock import LOCK_NAME, Group, Lock, dump, load
from fi_bump.ownership import agrees, site_to_record
from fi_bump.pins import Pin, Source
from fi_bump.repository import Repository
from fi_bump.request import named_group
from fi_bump.scanning import files
from fi_bump.terminal.output import say

_LINE = re.compile(r"(?P<path>.+):(?P<line>[1-9][0-9]{0,8})(?::[0-9]+)?")
_VERSION = re.compile(rb"(?<![0-9A-Za-z.])v?(?P<version>" + VERSION + rb")(?![0-9A-Za-z]|[.-][0-9])", re.IGNORECASE)


def add_site(root: str, place: str, group_name: str | None, text: str | None) -> int:
    """Record a site under a group; with `text`, a line's text with `{version}` in it, one that no finder knows.

    `place` is `PATH#ANCHOR`, or `PATH:LINE` as `check` prints it. Raises UsageError when nothing, or not one thing
    only, stands there.
    """
    with locked_repository(root) as repository:
        pin = _new_literal(repository, place, group_name, text) if text else _pin_at(repository, place, group_name)
        group = _owner(repository.lock, pin, group_name)
        other = next((each for each in repository.lock.groups if pin.site in each.sites), None)
        if other == group:
            say([f"{group.name} records {pin.site} already"])
            return int(Exit.OK)
        lock = repository.lock
        if other:
            lock = lock.replace_group(other._replace(sites=tuple(site for site in other.sites if site != pin.site)))
        lock = lock.replace_group(group._replace(sites=(*group.sites, site_to_record(pin))))
        _write(repository, lock)
    say([f"recorded {pin.site} under {group.name}" + (f", no longer under {other.name}" if other else "")])
    if not agrees(pin.version, group.version):
        say([f"note: {pin.version} stands there, the lock says {group.version}: fi-bump check --fix moves it"])
    return int(Exit.OK)


def move_site(root: str, old: str, new: str) -> int:
    """Re-point a recorded site to where its pin stands now. Raises UsageError when either is not what it must be."""
    with locked_repository(root) as repository:
        group = _recording(repository.lock, old)
        pin = _pin_at(repository, new, group.name)
        taken = next((each.name for each in repository.lock.groups if pin.site in each.sites), None)
        if taken:
            raise UsageError(f"'{pin.site}' is a site of '{taken}' already", hint=f"fi-bump site remove '{old}'")
        if pin.subject not in group.subjects:
            raise UsageError(f"'{pin.site}' pins {pin.subject}, which is not of the group '{group.name}'")
        sites = tuple(site_to_record(pin) if site == old else site for site in group.sites)
        _write(repository, repository.lock.replace_group(group._replace(sites=sites)))
    say([f"{group.name}: {old} is now {pin.site}"])
    return int(Exit.OK)


def remove_site(root: str, site: str) -> int:
    """Forget a recorded site. Raises UsageError when no group records it."""
    with locked_repository(root) as repository:
        group = _recording(repository.lock, site)
        sites = tuple(each for each in group.sites if each != site)
        _write(repository, repository.lock.replace_group(group._replace(sites=sites)))
    say([f"{group.name} no longer records {site}"])
    return int(Exit.OK)


def _write(repository: Repository, lock: Lock) -> None:
    data = dump(lock)
    load(data)
    write.commit(repository.root, [write.FileChange(LOCK_NAME, repository.lock_data, data)])


def _recording(lock: Lock, site: str) -> Group:
    group = next((group for group in lock.groups if site in group.sites), None)
    if group is None:
        raise UsageError(f"no group records '{site}'", hint="fi-bump status lists the recorded sites")
    return group


def _owner(lock: Lock, pin: Pin, name: str | None) -> Group:
    """The group to record a pin under: the named one, else the only one that knows its subject."""
    owners = [group for group in lock.groups if pin.subject in group.subjects]
    if name is None:
        if len(owners) != 1:
            names = ", ".join(group.name for group in owners)
            raise UsageError(f"{pin.subject} could belong to {names}", hint="say which with --group NAME")
        return owners[0]
    group = named_group(lock, name)
    if group not in owners:
        raise UsageError(f"'{pin.site}' pins {pin.subject}, which is not of the group '{name}'")
    return group


def _pin_at(repository: Repository, place: str, group_name: str | None) -> Pin:
    """The one pin at a place; on a line without a pin, the literal of its version, for a named group."""
    path, separator, anchor = place.partition("#")
    line = _LINE.fullmatch(place)
    if separator and anchor.startswith(LITERAL):
        return _new_literal(repository, path, group_name, anchor.removeprefix(LITERAL))
    if not separator and line is None:
        raise UsageError(f"'{place}' names no place", hint="write PATH#ANCHOR, or PATH:LINE")
    path = files.relative(repository.root, line["path"] if line and not separator else path)
    pins = [pin for pin in repository.scan([path]).pins if pin.source.path == path]
    if separator:
        pins = [pin for pin in pins if pin.anchor == anchor]
    elif line:
        pins = [pin for pin in pins if pin.source.position(pin.span.start)[0] == int(line["line"])]
        if not pins and group_name is not None:
            return _literal_on(repository, path, int(line["line"]), named_group(repository.lock, group_name))
    if not pins:
        hint = "name a group with --group, and the text with --text where the line holds several versions"
        raise UsageError("no pin stands there", place=place, hint=hint)
    if len(pins) > 1:
        hint = f"name one of them: {', '.join(pin.site for pin in pins)}"
        raise UsageError(f"{len(pins)} pins stand there", place=place, hint=hint)
    return pins[0]


def _literal_on(repository: Repository, path: str, number: int, group: Group) -> Pin:
    """The literal made of a line's own text: its one version marked, the rest as it stands."""
    source = files.read(repository.root, path)
    lines = source.data.split(b"\n")
    line = lines[number - 1].strip() if number <= len(lines) else b""
    versions = [match for match in _VERSION.finditer(line) if b"." in match["version"]]
    if len(versions) != 1:
        hint = f"say which with --text 'TEXT {LITERAL_MARK} TEXT'"
        raise UsageError(f"{len(versions)} versions stand on this line", place=f"{path}:{number}", hint=hint)
    start, end = versions[0].span("version")
    text = (line[:start] + LITERAL_MARK.encode() + line[end:]).decode("utf-8", "surrogateescape")
    return _literal(source, text, group)


def _new_literal(repository: Repository, place: str, group_name: str | None, text: str) -> Pin:
    """The literal that a text names in a file."""
    groups = repository.lock.groups
    if group_name is None and len(groups) > 1:
        raise UsageError("a text does not say which group it belongs to", hint="add --group NAME")
    group = named_group(repository.lock, group_name or groups[0].name)
    line = _LINE.fullmatch(place)
    path = files.relative(repository.root, line["path"] if line else place)
    return _literal(files.read(repository.root, path), text, group)


def _literal(source: Source, text: str, group: Group) -> Pin:
    anchor = LITERAL + text
    if not is_literal_anchor(anchor):
        raise UsageError(f"'{text}' needs some text and {LITERAL_MARK} once", hint="quote it for the shell")
    found = literal.places(source, anchor)
    if len(found) != 1:
        hint = "take more of the line, so that it stands once in the file"
        raise UsageError(f"'{text}' stands {len(found)} times in this file", place=source.path, hint=hint)
    return literal.find(source, [(anchor, group.package_names)]).pins[0]
