"""`fi-bump fleet`: compare many checkouts, and print one table or one JSON document."""

from __future__ import annotations

import os
from typing import NamedTuple

from fi_bump.errors import Exit, UsageError
from fi_bump.fleet.checkouts import Named, engine_of, listed, named, read, revisions
from fi_bump.fleet.compare import compare
from fi_bump.fleet.model import Fleet, Newest
from fi_bump.releases.asking import Online
from fi_bump.report.formats import ListFormat
from fi_bump.scanning.revision import Nameless
from fi_bump.terminal.waiting import waiting


class FleetOptions(NamedTuple):
    """The options of `fleet`, with paths relative to `root`. Without `online` no index is asked.

    With `refs` it compares these revisions of the repositories, and a folder that is not there is another pattern.
    """

    root: str = "."
    folders: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    repos: str | None = None
    engine: str | None = None
    online: Online | None = None
    form: ListFormat = "text"
    exit_code: bool = False


def run(options: FleetOptions) -> int:
    """Print the fleet and return 0; with `exit_code` return 1 unless every checkout is as it should be.

    The exit code is 2 if a folder that the user named is not there; the others are printed all the same.
    """
    places, engine = _revisions(options) if options.refs else _places(options)
    fleet = _fleet(places, engine, options.online)
    code = Exit.FINDINGS if options.exit_code and not fleet.ok else Exit.OK
    if any(not os.path.isdir(place.folder) for place in places):
        code = Exit.USAGE
    if options.form == "json":
        from fi_bump.report.json.envelope import enveloped
        from fi_bump.report.json.fleet import fleet_json
        from fi_bump.terminal.output import write_document

        write_document(enveloped("fleet", code, fleet_json(fleet)))
    else:
        from fi_bump.report.fleet_table import print_fleet

        print_fleet(fleet)
    return int(code)


def _places(options: FleetOptions) -> tuple[list[Named], Named | None]:
    """Return the checkouts, and the one that is the engine. Raises UsageError when either is missing."""
    places = [(folder, _below(options.root, folder)) for folder in options.folders]
    marked = None
    if options.repos is not None:
        more, marked = listed(_below(options.root, options.repos))
        places += more
    if not places:
        hint = "name folders of checkouts, or a file that lists them with --repos FILE"
        raise UsageError("the command names no checkout", hint=hint)
    checkouts = named(places)
    asked = options.engine
    if asked is None:
        return checkouts, None if marked is None else engine_of(checkouts, None, marked)
    folder = _below(options.root, asked)
    engine = engine_of(checkouts, asked, folder)
    if engine is None and os.path.isdir(folder):
        # An engine that is named only by --engine becomes the first checkout.
        checkouts = named([(asked, folder), *places])
        engine = engine_of(checkouts, asked, folder)
    if engine is None:
        names = ", ".join(each.name for each in checkouts)
        raise UsageError(f"the engine '{asked}' is not one of the checkouts", hint=f"name one of {names}, or a folder")
    return checkouts, engine


def _revisions(options: FleetOptions) -> tuple[list[Named], Named | None]:
    """Return the revisions of each repository, and the one that is the engine. Raises UsageError for unknown ones."""
    folders = [each for each in options.folders if os.path.isdir(_below(options.root, each))]
    patterns = [*options.refs, *(each for each in options.folders if each not in folders)]
    places = [(folder, _below(options.root, folder)) for folder in folders]
    if options.repos is not None:
        places += listed(_below(options.root, options.repos))[0]
    found = revisions(named(places or [(options.root, options.root)]), patterns)
    engine = next((each for each in found if each.name == options.engine), None)
    if engine is None and options.engine is not None:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"the engine '{options.engine}' is not one of the branches", hint=f"name one of {names}")
    return found, engine


def _below(root: str, path: str) -> str:
    return os.path.normpath(os.path.join(root, path))


def _fleet(places: list[Named], engine: Named | None, online: Online | None) -> Fleet:
    with waiting(f"reading {len(places)} repositories"):
        nameless: dict[str, Nameless] = {}
        found = [read(place, nameless.setdefault(place.folder, {})) for place in places]
    known: dict[tuple[str, str], Newest] | None = None
    if online is not None:
        from fi_bump.fleet.newest import newest_of_all

        readable = [(each.name, repository, scan) for each, repository, scan in found if repository and scan]
        with waiting("asking the package indexes"):
            known = newest_of_all(readable, online)
    return compare([checkout for checkout, _, _ in found], engine.name if engine else None, known)
