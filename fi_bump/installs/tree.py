"""What a whole tree installs of the lock's packages: the names, and each installation with its index options."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.boundary.inside import Boundary
from fi_bump.errors import FileError
from fi_bump.installs import command_places, tables
from fi_bump.installs.model import IndexAddress, IndexOptions, Installation, Installed
from fi_bump.installs.promise import may_install
from fi_bump.installs.requirement_files import RequirementFiles, install
from fi_bump.lock.records import Lock
from fi_bump.pins import Kind, Pin, Place, Source
from fi_bump.scanning import files
from fi_bump.scanning.asked import needles, wanted_by, words_of
from fi_bump.scanning.scan import Scan

_OF_PYTHON = ("requirements", "pyproject")
_ENDS = frozenset(bytes([each]) for each in b" \t\r\n\"'`,<>()")


def installed(root: str, lock: Lock, scan: Scan) -> Installed:
    """Return what the tree installs of the lock's packages.

    `scan` is a scan of the whole tree for this lock. It has the pins; this function reads the files again for the
    installations, among them those whose version is a variable and those that name only an index.
    """
    wanted = wanted_by(lock.groups).packages
    found = [*_installations(root, lock, scan), *_addressed(scan)]
    found = [each._replace(names=each.names & wanted) for each in found]
    places = tuple(sorted((each for each in found if each.names), key=lambda each: (each.place.path, each.place.line)))
    names = {name for each in places for name in each.names} | (_names(scan) & wanted)
    return Installed(frozenset(names), places)


def _names(scan: Scan) -> set[str]:
    """Return the subjects that the scan found as a requirement, as the address of a file, or in a lock file.

    Gates, image tags and tables compare a version; they install nothing.
    """
    names = {pin.subject for pin in scan.pins if pin.kind in (Kind.REQUIREMENT, Kind.URL)}
    names |= {floor.subject for floor in scan.floors}
    # A file that the cache passed over has no place.
    form = dict(scan.paths)
    for place in scan.unpinned:
        if place.version is not None or form.get(place.source.path) in _OF_PYTHON:
            names.add(place.subject)
    return names


def _addressed(scan: Scan) -> list[Installation]:
    """Return an installation for each pin in the address of a file: that package comes from no index."""
    found = []
    for pin in scan.pins:
        if pin.kind is Kind.URL:
            address = IndexAddress(_word_at(pin), None, Place(pin.source.path, pin.place.line))
            options = IndexOptions(no_index=True, elsewhere=(address,))
            found.append(Installation(address.place, frozenset({pin.subject}), options))
    return found


def _word_at(pin: Pin) -> str:
    """Return the text around a pin up to blanks and quotes."""
    data = pin.source.data
    start, end = pin.span
    while start and data[start - 1 : start] not in _ENDS:
        start -= 1
    while end < len(data) and data[end : end + 1] not in _ENDS:
        end += 1
    return data[start:end].decode("utf-8", "replace")


def _installations(root: str, lock: Lock, scan: Scan) -> list[Installation]:
    wanted = wanted_by(lock.groups)
    words = needles(wanted)
    requirement_files = RequirementFiles()
    others: list[tuple[Source, str]] = []
    boundary = Boundary(root)
    for path, form in scan.all_paths:
        if form != "requirements" and form != "pyproject" and not command_places.may_install(form):
            continue
        try:
            source = files.read(root, path, boundary=boundary)
        except FileError:
            continue  # the scan reports it
        if form == "requirements":
            requirement_files.add(source)
        elif form is not None:
            others.append((source, form))
    naming = requirement_files.naming(words_of(wanted.packages))
    names = frozenset(path.rpartition("/")[2] for path in naming)
    found = [
        each
        for source, form in others
        if form == "pyproject" or may_install(source, form, words, names)
        for each in _read(source, form, requirement_files)
    ]
    by_command = {path for each in found for path in each.paths}
    tops = requirement_files.tops()
    return found + [install(path, requirement_files) for path in tops if path in naming and path not in by_command]


def _read(source: Source, form: str, requirement_files: RequirementFiles) -> Iterable[Installation]:
    if form == "pyproject":
        return tables.in_toml(source)
    found = command_places.installations(source, form, requirement_files)
    return [*found, *tables.in_conda_yaml(source)] if form == "yaml" else found
