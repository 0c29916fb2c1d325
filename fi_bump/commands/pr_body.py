"""`fi-bump pr-body`: print for a reviewer what changed between an earlier state and the working tree."""

from __future__ import annotations

from typing import NamedTuple

from fi_bump import user_files
from fi_bump.change.describe import Before, before, before_of_lock, describe, version_before
from fi_bump.change.model import Asked
from fi_bump.compare import report_file as compare_report_file
from fi_bump.errors import Exit, FiBumpError, LockError, ParseError
from fi_bump.git import commits
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Lock
from fi_bump.pins import Pin, Source
from fi_bump.releases.asking import Online
from fi_bump.report.change.pull_request import body_text
from fi_bump.repository import Repository, open_repository
from fi_bump.scanning.asked import literal_anchors, recorded_anchors, wanted_by
from fi_bump.scanning.in_tests import split_tests
from fi_bump.scanning.look import look
from fi_bump.scanning.scan import Scan
from fi_bump.smoke import baseline, report_file
from fi_bump.smoke.model import SmokeReport
from fi_bump.terminal.output import write_text


class PrBodyOptions(NamedTuple):
    """The options of `pr-body`. Without `online` no index is asked."""

    root: str
    base: str = "HEAD"
    from_lock: str | None = None
    smoke: str | None = None
    compare: str | None = None
    baseline: str | None = None
    tolerance: float = 0.25
    online: Online | None = None


def run(options: PrBodyOptions) -> int:
    """Print the body and return 0. Raises FiBumpError when no pin differs or something cannot be read."""
    repository = open_repository(options.root)
    report = _report(options, repository.lock)
    tests = None if options.compare is None else compare_report_file.load(options.compare)
    scan = repository.scan()
    earlier = _earlier(options, repository, scan)
    asked = _asked(options, repository, scan, earlier)
    about = describe(repository, scan, earlier, asked, report)._replace(tests=tests)
    if not about.groups and not about.removed:
        where = options.from_lock or options.base
        hint = "run it before the commit, or name an earlier state with --base or --from-lock"
        raise FiBumpError(f"no pin differs between {where} and the working tree", hint=hint)
    write_text(body_text(about))
    return int(Exit.OK)


def _asked(options: PrBodyOptions, repository: Repository, scan: Scan, earlier: Before) -> Asked | None:
    if options.online is None:
        return None
    from fi_bump.change.index_answers import ask

    old = {group.name: version_before(earlier, group) for group in repository.lock.groups}
    return ask(repository, scan, old, options.online)


def _report(options: PrBodyOptions, lock: Lock) -> SmokeReport | None:
    """Return the smoke report, compared with its baseline if there is one; None without --smoke.

    Raises FiBumpError for a report of another version than the locked one.
    """
    if options.smoke is None:
        return None
    report = report_file.load(options.smoke)
    group = lock.group(report.group)
    if group is None:
        message = f"this report is about the group '{report.group}', which the lock does not have"
        raise FiBumpError(message, place=options.smoke, hint="name a report of one of the lock's groups")
    if report.version != group.version:
        hint = f"run fi-bump smoke --output json={options.smoke}; it replaces this report"
        message = f"this report is about {group.name} {report.version}, but the lock says {group.version}"
        raise FiBumpError(message, place=options.smoke, hint=hint)
    if options.baseline is None:
        return report
    return report_file.beside(report, baseline.load(options.baseline, report.group), options.tolerance)


def _earlier(options: PrBodyOptions, repository: Repository, scan: Scan) -> Before:
    if options.from_lock is not None:
        return before_of_lock(_lock(user_files.read(options.from_lock), options.from_lock))
    commit = commits.revision(repository.root, options.base)
    data = commits.at(repository.root, commit, LOCK_NAME)
    if data is None:
        hint = "name a later revision with --base, or an earlier lock with --from-lock"
        raise LockError(f"there is no lock in {options.base}", place=LOCK_NAME, hint=hint)
    lock = _lock(data, f"{options.base}:{LOCK_NAME}")
    return before(lock, _pins(repository, scan, lock, commit))


def _lock(data: bytes, name: str) -> Lock:
    try:
        return load(data)
    except LockError as error:
        error.place = (error.place or LOCK_NAME).replace(LOCK_NAME, name, 1)
        raise


def _pins(repository: Repository, scan: Scan, lock: Lock, commit: str) -> list[Pin]:
    """Return a commit's pins in the files that have pins now, or that the commit's lock records."""
    # Pins of a group that is new in the lock may have existed before the group.
    wanted = wanted_by((*lock.groups, *repository.lock.groups))
    literals = literal_anchors((*repository.lock.groups, *lock.groups))
    anchors = recorded_anchors((*repository.lock.groups, *lock.groups))
    paths = {pin.source.path for pin in scan.pins}
    paths |= {site.partition("#")[0] for site in lock.sites}
    pins: list[Pin] = []
    for path in sorted(paths):
        data = commits.at(repository.root, commit, path)
        if data is None:
            continue
        try:
            pins += look(Source(path, data), wanted, dict(literals.get(path, ())).items(), anchors.get(path, ())).pins
        except ParseError:
            continue  # fi-bump could not read this file then, so it had no known pin
    recorded = lock._replace(groups=(*lock.groups, *repository.lock.groups))
    return list(split_tests(pins, recorded)[0])
