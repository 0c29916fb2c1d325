"""Which checkouts there are, and reading each: one that is broken stops no other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from fi_bump import state, user_files
from fi_bump.errors import FiBumpError, UsageError
from fi_bump.findings import compare
from fi_bump.fleet.model import Checkout, Held, State
from fi_bump.lock import LOCK_NAME, Group
from fi_bump.ownership import assign
from fi_bump.records import NamedTuple
from fi_bump.repository import Repository, open_repository
from fi_bump.scanning.files import read_optional
from fi_bump.scanning.scan import Scan

ENGINE = "engine:"


class Named(NamedTuple):
    """A checkout as it was named: a name that no other has, the path as given, and where it is."""

    name: str
    path: str
    folder: str


def listed(path: str) -> tuple[list[tuple[str, str]], str | None]:
    """The paths of a repos file with where each is, relative to the file, and the one that `engine:` marks.

    A line is a path; what follows ` #`, and a line that begins with `#`, is a comment. Raises FiBumpError.
    """
    try:
        text = user_files.read(path).decode("utf-8-sig", "strict")
    except UnicodeDecodeError as error:
        raise FiBumpError(f"is not UTF-8 at byte {error.start}", place=path) from None
    base = os.path.dirname(path)
    paths: list[tuple[str, str]] = []
    engine = None
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.partition(" #")[0].strip() if not line.lstrip().startswith("#") else ""
        if not entry:
            continue
        marked = entry.startswith(ENGINE)
        entry = entry.removeprefix(ENGINE).strip()
        if not entry or (marked and engine is not None):
            message = "marks no path" if not entry else "marks a second engine"
            raise UsageError(f"'{ENGINE}' {message}", place=f"{path}:{number}", hint="mark one line: engine: PATH")
        folder = os.path.normpath(os.path.join(base, os.path.expanduser(entry)))
        engine = folder if marked else engine
        paths.append((entry, folder))
    if not paths:
        raise UsageError("names no repository", place=path, hint="write a path a line")
    return paths, engine


def named(places: Iterable[tuple[str, str]]) -> list[Named]:
    """Each folder once, called by its last part where that is nobody else's, else by its path as given."""
    unique: dict[str, tuple[str, str]] = {}
    for path, folder in places:
        unique.setdefault(os.path.realpath(folder), (path, folder))
    last = [os.path.basename(real) for real in unique]
    return [
        Named(name if name and last.count(name) == 1 else path, path, folder)
        for name, (path, folder) in zip(last, unique.values(), strict=True)
    ]


def engine_of(checkouts: Sequence[Named], name: str | None, folder: str) -> Named | None:
    """The checkout of that name, else the one at that folder, or None."""
    real = os.path.realpath(folder)
    by_path = next((each for each in checkouts if os.path.realpath(each.folder) == real), None)
    return next((each for each in checkouts if each.name == name), by_path)


def read(place: Named) -> tuple[Checkout, Repository | None, Scan | None]:
    """The checkout, and what of it was read; whatever is wrong with it is said in it."""
    try:
        if os.path.isdir(place.folder) and read_optional(place.folder, LOCK_NAME) is None:
            return Checkout(place.name, place.path, State.NO_LOCK), None, None
        repository = open_repository(place.folder)
        scan = repository.scan()
        return _checkout(place, repository, scan), repository, scan
    except FiBumpError as error:
        message = str(error)
    except Exception as error:
        message = f"unexpected error: {type(error).__name__}: {error}"
    return Checkout(place.name, place.path, State.UNREADABLE, error=message), None, None


def _checkout(place: Named, repository: Repository, scan: Scan) -> Checkout:
    found = [each.group for each in compare(repository.lock, scan) if each.rule.severity == "error"]
    owners = [owner.name if owner else None for _, owner, _ in assign(repository.lock, scan.pins)]
    groups = tuple(_held(group, owners, found) for group in repository.lock.groups)
    # A journal that a killed fi-bump left is a finding of no group, as `check` has it.
    findings = len(found) + state.pending(repository.root)
    if not scan.pins and not findings:
        message = f"found no pin of {', '.join(group.name for group in repository.lock.groups)}, so nothing was checked"
        return Checkout(place.name, place.path, State.UNREADABLE, groups, 0, message)
    return Checkout(place.name, place.path, State.FINDINGS if findings else State.IN_STEP, groups, findings)


def _held(group: Group, owners: Sequence[str | None], found: Sequence[str | None]) -> Held:
    return Held(group, owners.count(group.name), found.count(group.name))
