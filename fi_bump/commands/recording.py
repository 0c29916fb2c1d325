"""What `init` records beside the pins, as the tree shows it: variables, run-time checks, rules of tags, indexes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from fi_bump.boundary.here import shown_site
from fi_bump.errors import quoted
from fi_bump.findings.of_check import gate_version
from fi_bump.formats.by_name import format_of
from fi_bump.formats.python_version_strings import raises
from fi_bump.grammar import has_any
from fi_bump.grouping import bound_variables, build_arguments, is_build_argument
from fi_bump.lock.records import Lock
from fi_bump.ownership import agrees, assign, site_to_record
from fi_bump.pins import Span, base_anchor
from fi_bump.releases.tags import rule_in_tree
from fi_bump.scanning import files
from fi_bump.scanning.in_tests import is_test
from fi_bump.scanning.look import offered_pin
from fi_bump.scanning.scan import Scan, scan

if TYPE_CHECKING:
    from fi_bump.installs.model import Installed

_INCLUDE = re.compile(
    rb"(?:^|(?<=[\s\"'`,(]))(?:-r|-c|--requirements?|--constraints?)[\"',]{0,2}[=\s][\"' ]{0,3}([\w./+-]+)"
)
# A note names no more places than these.
MOST_PLACES = 3


def with_variables(root: str, blank: Lock, found: Scan) -> tuple[Lock, Scan, list[str]]:
    """Return the lock with the variables that requirements take their versions from, its scan, and a note for each.

    Only a variable that the tree sets somewhere is named, and one with a short name only if builds alone set it.
    """
    arguments = {group.name: build_arguments(group, found) for group in blank.groups}
    shown = {group.name: bound_variables(group, found) | arguments[group.name] for group in blank.groups}
    if not any(shown.values()):
        return blank, found, []
    wider = blank
    for group in blank.groups:
        wider = wider.replace_group(group._replace(variables=(*group.variables, *shown[group.name])))
    again = scan(root, wider)
    set_here = {pin.subject for pin in again.pins}
    short = {name for names in arguments.values() for name in names}
    set_here -= {pin.subject for pin in again.pins if pin.subject in short and not is_build_argument(pin)}
    notes = []
    for group in blank.groups:
        names = [name for name in shown[group.name] if name in set_here]
        wider = wider.replace_group(group._replace(variables=(*group.variables, *names)))
        for name in names:
            place = shown[group.name][name].place.at_line
            notes.append(
                f"note: the variable {name} contains a version of {group.name} ({place}), so the lock names it"
            )
    return wider, scan(root, wider), notes


def with_included(root: str, blank: Lock, found: Scan) -> tuple[Scan, list[str]]:
    """Return the scan with the files that only an include shows to be requirement files, and a note for each.

    `-r deps.txt` in a requirement file or in an install command says what `deps.txt` is; its name does not.
    """
    packages = {name for group in blank.groups for name in group.package_names}
    offered = {
        place.source.path: f"{place.source.path}#{place.anchor}"
        for place in reversed(found.unpinned)
        if place.anchor is not None
        and base_anchor(place.anchor) in packages
        and format_of(place.source.path) == "other"
    }
    notes: list[str] = []
    while offered and (included := _included(root, found, offered)):
        sites = tuple(offered.pop(path) for path in included)
        blank = blank._replace(groups=tuple(each._replace(sites=(*each.sites, *sites)) for each in blank.groups))
        found = scan(root, blank)
        notes += [f"note: {place} includes {path}, so it is a requirement file" for path, place in included.items()]
    return found, notes


def _included(root: str, found: Scan, wanted: Collection[str]) -> dict[str, str]:
    """Return which of the wanted files another file includes with `-r` or `-c`, each with the place that does.

    A requirement file names them from its own folder. Where a command runs is not known, so there the name counts.
    """
    places: dict[str, str] = {}
    for path, form in found.all_paths:
        source = files.read_optional(root, path) if form not in (None, "other") else None
        if source is None or not has_any(source.data, (b"-r", b"-c")):
            continue
        for match in _INCLUDE.finditer(source.data):
            name = match[1].decode("utf-8", "replace")
            if form == "requirements":
                targets = [posixpath.normpath(posixpath.join(posixpath.dirname(path), name))]
            else:
                name = name.rpartition("/")[2]
                targets = [each for each in wanted if each.rpartition("/")[2] == name]
            for each in targets:
                if each in wanted:
                    places.setdefault(each, source.place(Span(*match.span(1))).at_line)
    return places


def with_checks(lock: Lock, found: Scan) -> tuple[Lock, Scan, list[str]]:
    """Return the lock with the run-time checks of exactly its version, the scan with them as pins, and a note for each.

    The check refuses to run with another version, so it must move with the pins. It is a statement of its own, and not
    in a test: a condition may be about one release on purpose.
    """
    recorded, notes = [], []
    for place in found.unpinned:
        version = gate_version(place)
        if version is None or is_test(place.source.path) or not raises(place):
            continue
        owners = [g for g in lock.groups if place.subject in g.subjects and agrees(version, g.version)]
        if len(owners) != 1:
            continue
        pin = offered_pin(place)
        sites = tuple(sorted({*owners[0].sites, site_to_record(pin)}))
        lock = lock.replace_group(owners[0]._replace(sites=sites))
        recorded.append((place, pin))
        stays = f"if it must stay: fi-bump site remove {quoted(shown_site(pin.site))}"
        notes.append(f"note: {place.place.at_line} requires {version} at run time, so the lock records it; {stays}")
    if not recorded:
        return lock, found, notes
    places = [place for place, _ in recorded]
    pins = sorted([*found.pins, *(pin for _, pin in recorded)], key=lambda pin: (pin.source.path, pin.span))
    left = tuple(place for place in found.unpinned if place not in places)
    return lock, found._replace(pins=tuple(pins), unpinned=left), notes


def with_tags(lock: Lock, found: Scan) -> Lock:
    """Return the lock with the rule of each group's tags that the tree shows, where it is not the default."""
    assigned = assign(lock, found.pins)
    for group in lock.groups:
        rule = rule_in_tree(group, [each.pin for each in assigned if each.group == group])
        if rule is not None:
            lock = lock.replace_group(group._replace(tags=(rule,)))
    return lock


def with_indexes(root: str, lock: Lock, found: Scan) -> tuple[Lock, list[str]]:
    """Return the lock with the indexes that the tree names for its packages, and a note for each list of indexes."""
    from fi_bump.installs.tree import installed
    from fi_bump.releases.index_order import named_indexes

    here = installed(root, lock, found)
    recorded: dict[str, list[str]] = {}
    unrecorded: dict[str, list[str]] = {}
    assigned = assign(lock, found.pins)
    for group in lock.groups:
        members = []
        for member in group.packages:
            own = here
            if sum(member.name in each.package_names for each in lock.groups) > 1:
                own = here.within({each.pin.source.path for each in assigned if each.group == group})
            urls = named_indexes(member.name, own)
            members.append(member._replace(index_urls=urls or ()))
            if urls:
                recorded.setdefault(", ".join(urls), []).append(member.name)
            elif urls is None:
                unrecorded.setdefault(_why_unrecorded(member.name, own), []).append(member.name)
        lock = lock.replace_group(group._replace(packages=tuple(members)))
    notes = [f"recorded the index of {_once(names)}: {urls}" for urls, names in recorded.items()]
    for what, names in unrecorded.items():
        theirs = "it" if len(set(names)) == 1 else "them"
        notes.append(f"note: {what} for {_once(names)}, so the lock records no index of {theirs}")
    return lock, notes


def _once(names: list[str]) -> str:
    """Return the names as words, each once: after a split several groups have the same package."""
    return " and ".join(dict.fromkeys(names))


def _why_unrecorded(package: str, here: Installed) -> str:
    """Return why the lock has no index for a package whose installations name some: `PLACES name WHAT`."""
    named = [each for one in here.of(package) for each in one.options.addresses if each.url is not None]
    private = [each for each in named if not each.is_fixed]
    found = sorted({(each.place.path, each.place.line) for each in private or named})
    places = [f"{path}:{line}" for path, line in found]
    if private:
        what = "an address with credentials or a variable of the environment"
    elif len({each.url for each in named}) > 1:
        what = "different indexes"
    else:
        what = "an index that other places do not name"
    verb = "names" if len(places) == 1 else "name"
    more = len(places) - MOST_PLACES
    shown = ", ".join(places[:MOST_PLACES])
    return f"{len(places)} places ({shown} and {more} more) {verb} {what}" if more > 0 else f"{shown} {verb} {what}"
