"""List the checkouts of a fleet and read each of them. A broken checkout does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fi_bump import state, user_files
from fi_bump.errors import FiBumpError, UsageError
from fi_bump.findings.of_check import compare
from fi_bump.fleet.model import Checkout, Held, State
from fi_bump.git.refs import Ref, matching
from fi_bump.lock.records import LOCK_NAME, Group
from fi_bump.ownership import assign
from fi_bump.repository import Repository, open_commit, open_repository
from fi_bump.scanning.files import read_optional
from fi_bump.scanning.revision import Nameless
from fi_bump.scanning.scan import Scan

ENGINE = "engine:"


class Named(NamedTuple):
    """A checkout that the user named: a unique name, the path as given, and its folder.

    With `ref` it is that revision of the repository in the folder, and not its working tree.
    """

    name: str
    path: str
    folder: str
    ref: Ref | None = None


def listed(path: str) -> tuple[list[tuple[str, str]], str | None]:
    """Read a repos file; return its paths, each with its folder, and the folder that `engine:` marks or None.

    Each line is a path relative to the file. Text after ` #`, and a line that begins with `#`, is a comment. Raises
    FiBumpError for a file that cannot be read, is malformed, or lists no path.
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
        if "\0" in entry:
            hint = "write one path per line, without a NUL"
            raise UsageError("no path has a NUL in it", place=f"{path}:{number}", hint=hint)
        if not entry or (marked and engine is not None):
            message = "has no path" if not entry else "marks a second engine"
            hint = "mark exactly one line: engine: PATH"
            raise UsageError(f"'{ENGINE}' {message}", place=f"{path}:{number}", hint=hint)
        folder = os.path.normpath(os.path.join(base, os.path.expanduser(entry)))
        engine = folder if marked else engine
        paths.append((entry, folder))
    if not paths:
        raise UsageError("this file lists no checkout", place=path, hint="write one path per line")
    return paths, engine


def named(places: Iterable[tuple[str, str]]) -> list[Named]:
    """Return each folder once. Its name is the last part of its path, or the path as given if that is not unique."""
    unique: dict[str, tuple[str, str]] = {}
    for path, folder in places:
        unique.setdefault(os.path.realpath(folder), (path, folder))
    last = [os.path.basename(real) for real in unique]
    return [
        Named(name if name and last.count(name) == 1 else path, path, folder)
        for name, (path, folder) in zip(last, unique.values(), strict=True)
    ]


def engine_of(checkouts: Sequence[Named], name: str | None, folder: str) -> Named | None:
    """Return the checkout with that name, else the one at that folder, else None."""
    real = os.path.realpath(folder)
    by_path = next((each for each in checkouts if os.path.realpath(each.folder) == real), None)
    return next((each for each in checkouts if each.name == name), by_path)


def revisions(places: Sequence[Named], patterns: Sequence[str]) -> list[Named]:
    """Return the revisions that the patterns name in each repository; the branch's name is enough for one repository.

    Raises UsageError for a pattern that matches nothing in any of them, and FiBumpError for a folder without git.
    """
    found: list[Named] = []
    missing: dict[str, UsageError] = {}
    matched: set[str] = set()
    for place in places:
        for pattern in patterns:
            try:
                refs = matching(place.folder, [pattern])
            except UsageError as error:
                missing.setdefault(pattern, error)
                continue
            matched.add(pattern)
            for ref in refs:
                name = ref.name if len(places) == 1 else f"{place.name}:{ref.name}"
                if name not in [each.name for each in found]:
                    found.append(Named(name, place.path, place.folder, ref))
    unknown = [error for pattern, error in missing.items() if pattern not in matched]
    if unknown:
        raise unknown[0]
    return found


def read(place: Named, nameless: Nameless | None = None) -> tuple[Checkout, Repository | None, Scan | None]:
    """Read a checkout; return it with its repository and scan, or with None and None if it cannot be read.

    An error becomes the checkout's state and is not raised. `nameless` is shared between the revisions of a repository.
    """
    if place.ref is None:
        return _read(place, nameless)
    checkout, repository, scan = _read(place, nameless)
    return checkout._replace(commit=place.ref.commit, date=place.ref.date), repository, scan


def _read(place: Named, nameless: Nameless | None) -> tuple[Checkout, Repository | None, Scan | None]:
    try:
        if place.ref is not None:
            opened = open_commit(place.folder, place.ref.commit, place.ref.name, nameless)
            if opened is None:
                return Checkout(place.name, place.path, State.NO_LOCK), None, None
            return _checkout(place, *opened), *opened
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
    found = [each.group for each in compare(repository.lock, scan) if each.fails]
    owners = [owner.name if owner else None for _, owner, _ in assign(repository.lock, scan.pins)]
    groups = tuple(_held(group, owners, found) for group in repository.lock.groups)
    # As in `check`, the journal of an interrupted fi-bump is a finding that belongs to no group.
    findings = len(found) + (place.ref is None and state.pending(repository.root))
    if not scan.pins and not findings:
        message = f"found no pin of {', '.join(group.name for group in repository.lock.groups)}, so nothing was checked"
        return Checkout(
            name=place.name, path=place.path, state=State.UNREADABLE, groups=groups, findings=0, error=message
        )
    return Checkout(place.name, place.path, State.FINDINGS if findings else State.IN_STEP, groups, findings)


def _held(group: Group, owners: Sequence[str | None], found: Sequence[str | None]) -> Held:
    return Held(group, owners.count(group.name), found.count(group.name))
