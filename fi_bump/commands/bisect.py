"""`fi-bump bisect`: find the release of a package in which a probe, a test or a command began to fail."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from fi_bump import user_files
from fi_bump.audit.breakages import known_breakages
from fi_bump.bisection import candidates, state_file
from fi_bump.bisection.known_bad import entry_of, known_bad
from fi_bump.bisection.merge import merged_parts
from fi_bump.bisection.model import Bisection, Expected, Question
from fi_bump.bisection.outcome import BisectReport
from fi_bump.bisection.session import BisectPlace, BisectSession
from fi_bump.commands.probing import ended_by_signals, shown_progress
from fi_bump.errors import Exit, FiBumpError, UsageError
from fi_bump.fit.engine.files import python_files
from fi_bump.fit.model import Compared
from fi_bump.fit.packages import known_api
from fi_bump.fit.release_changes import release_changes
from fi_bump.fit.tree_code import TreeCode
from fi_bump.grammar import canonical_name
from fi_bump.lock.records import Group, Member
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.known import Known
from fi_bump.releases.release_pages import page_of, pages_of
from fi_bump.report.bisection import output
from fi_bump.report.formats import BISECT_FORMATS, BisectFormat
from fi_bump.repository import Repository, open_repository
from fi_bump.smoke import storage
from fi_bump.smoke.interpreter import existing
from fi_bump.smoke.ranges import name_of
from fi_bump.smoke.registry import PACKAGES, choose, group_of
from fi_bump.smoke.shard import Shard, parse_shard
from fi_bump.versions import canonical_version, same_version


class BisectOptions(NamedTuple):
    """The options of `bisect`, as on the command line. With `resume`, the question comes from the kept state."""

    root: str
    good: str | None = None
    bad: str | None = None
    package: str | None = None
    group: str | None = None
    probe: str | None = None
    expected: str | None = None
    tests: tuple[str, ...] = ()
    command: str | None = None
    resume: bool = False
    skip: tuple[str, ...] = ()
    shard: str | None = None
    base: str | None = None
    wheelhouse: str | None = None
    extra: tuple[str, ...] = ()
    devices: str | None = None
    timeout: float | None = None
    jit: str = "auto"
    cache: str | None = None
    online: Online = Online()
    form: BisectFormat = "text"
    outputs: tuple[str, ...] = ()


def run(options: BisectOptions) -> int:
    """Search, print the report, and return 0 if one release was found for certain, else 1."""
    outputs = tuple(output.parse_output(text) for text in options.outputs)
    for each in outputs:
        user_files.refuse_unwritable(each.path)
    shard = parse_shard(options.shard)
    repository = open_repository(options.root)
    cache = storage.cache_folder(options.cache)
    path = state_file.state_path(cache, repository.root, shard)
    state = _resumed(options, path) if options.resume else _started(options, repository)
    group = group_of(repository.lock, state.question.group)
    state = state._replace(skipped=_skipped(state, options.skip))
    state_file.keep(path, state)
    place = BisectPlace(repository, group, cache, options.devices, options.timeout)
    with ended_by_signals(), shown_progress() as progress:
        progress.note(f"the state is kept in {path}; after an interrupt, run fi-bump bisect --continue")
        session = BisectSession(place, state, progress, lambda now: state_file.keep(path, now))
        state = session.search() if shard is None else session.part(shard)
    report = explained(repository, state, options.online, shard)
    output.leave(report, outputs)
    output.show(report, options.form)
    return int(Exit.OK if report.ok else Exit.FINDINGS)


def _resumed(options: BisectOptions, path: str) -> Bisection:
    given = {
        "--good": options.good,
        "--bad": options.bad,
        "--package": options.package,
        "--group": options.group,
        "--probe": options.probe,
        "--expect": options.expected,
        "--pytest": options.tests,
        "--run": options.command,
        "--base": options.base,
        "--wheelhouse": options.wheelhouse,
        "--with": options.extra,
    }
    named = [name for name, value in given.items() if value]
    if named:
        message = f"--continue takes the question from the kept state, so it cannot be used with {', '.join(named)}"
        raise UsageError(message, hint=f"leave out {', '.join(named)}, or leave out --continue to start again")
    return state_file.recall(path)


def _started(options: BisectOptions, repository: Repository) -> Bisection:
    """Return a new bisection with all its releases. Errors of the command line come before an index is asked."""
    question = _question(options, repository)
    if question.wheelhouse is not None:
        return Bisection(question, candidates.of_wheelhouse(question))
    group = group_of(repository.lock, question.group)
    with asking(repository.root, repository.lock, options.online, repository.scan()) as known:
        return Bisection(question, candidates.of_index(known, question, _member(group, question.package)))


def is_report(document: object) -> bool:
    """Return whether a JSON document is the report of a bisection."""
    return isinstance(document, dict) and document.get("command") == "bisect"


def merge(repository: Repository, paths: Sequence[str], form: str, files: Sequence[str]) -> int:
    """Join the reports of a bisection's parts, print the whole one, and return 0 if one release was found, else 1.

    `form` is a format of `smoke`, of which a bisection has the table (as text), JSON and Markdown.
    """
    chosen = next((each for each in BISECT_FORMATS if each == {"table": "text"}.get(form, form)), None)
    if chosen is None:
        raise UsageError(f"a bisection has no format {form}", hint=f"use one of {', '.join(BISECT_FORMATS)}")
    outputs = tuple(output.parse_output(text) for text in files)
    for each in outputs:
        user_files.refuse_unwritable(each.path)
    state, holes = merged_parts(paths)
    report = explained(repository, state, Online(), holes=holes)
    output.leave(report, outputs)
    output.show(report, chosen)
    return int(Exit.OK if report.ok else Exit.FINDINGS)


def _member(group: Group, package: str) -> Member:
    return next((each for each in group.packages if each.name == package), Member(package))


def _question(options: BisectOptions, repository: Repository) -> Question:
    asked = [each for each in (options.probe, options.tests, options.command) if each]
    if len(asked) != 1:
        message = "a bisection needs exactly one of --probe, --pytest and --run, which judges each release"
        raise UsageError(
            message, hint="for example --probe cutedsl-masked-moe" if not asked else "leave out the others"
        )
    if not options.good or not options.bad:
        message = "a bisection needs --good VERSION and --bad VERSION"
        raise UsageError(message, hint="name the last release that works and the first one that is known not to work")
    if options.expected is not None and options.probe is None:
        raise UsageError("--expect needs --probe, whose metric it names", hint="add --probe NAME")
    for requirement in options.extra:
        name_of(requirement)
    if options.probe is not None:
        choose((options.probe,))
    group = group_of(repository.lock, options.group)
    package = canonical_name(options.package or PACKAGES[0])
    if package != PACKAGES[0] and options.base is not None:
        message = "--package cannot be used with --base: the base may contain the package of which releases are tried"
        raise UsageError(message, hint="leave out --base")
    question = Question(
        group=group.name,
        main=PACKAGES[0],
        version=group.version,
        package=package,
        good=canonical_version(options.good),
        bad=canonical_version(options.bad),
        probe=options.probe,
        expected=_expected(options.expected),
        tests=options.tests,
        command=options.command,
        extra=options.extra,
        base=None if options.base is None else existing(options.base, "--base"),
        wheelhouse=None if options.wheelhouse is None else os.path.abspath(options.wheelhouse),
        jit=options.jit,
    )
    candidates.refuse_equal_ends(question)
    return question


def _expected(text: str | None) -> Expected | None:
    if text is None:
        return None
    metric, equals, value = text.partition("=")
    if not equals or not metric:
        hint = "write METRIC=VALUE, for example --expect layout=legacy"
        raise UsageError(f"'{text}' does not name a metric and its value", hint=hint)
    return Expected(metric, value)


def _skipped(state: Bisection, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the releases to skip, as the state names them. Raises UsageError for one that it does not have."""
    found = list(state.skipped)
    for text in asked:
        version = canonical_version(text)
        known = next((each.version for each in state.candidates if same_version(each.version, version)), None)
        if known is None:
            listed = ", ".join(each.version for each in state.candidates)
            raise UsageError(f"{version} is not among the releases of this bisection", hint=f"skip one of {listed}")
        found.append(known)
    return tuple(dict.fromkeys(found))


def explained(
    repository: Repository,
    state: Bisection,
    online: Online,
    shard: Shard | None = None,
    holes: tuple[str, ...] = (),
) -> BisectReport:
    """Return the report, with what the index says about the release that was found.

    An index that does not answer must not hide what was found, so the report then says why that is not known.
    """
    marked = known_bad(state, known_breakages())
    report = BisectReport(state, known_bad=marked, entry=entry_of(state), shard=shard, holes=holes)
    if shard is not None or report.borders.problem is not None:
        return report._replace(entry=None)
    if state.question.wheelhouse is not None:
        return report._replace(unread="the releases come from a folder of wheels")
    group = group_of(repository.lock, state.question.group)
    try:
        with asking(repository.root, repository.lock, online, repository.scan()) as known:
            return _with_changes(report, repository, group, known)
    except FiBumpError as error:
        return report._replace(unread=str(error))


def _with_changes(report: BisectReport, repository: Repository, group: Group, known: Known) -> BisectReport:
    question, old, new = report.state.question, report.before.version, report.turn.version
    changes = release_changes(known, question.package, old, new)
    pages = pages_of(group)
    owned = any(each.name == question.package for each in group.packages)
    page = page_of(pages, f"v{new}") if pages and owned else changes.page
    compared = [Compared(question.package, old, new, pages if owned else None, group.name if owned else None)]
    compared = [each for each in compared if known_api(each.package).holds is None]
    with TreeCode(repository.root, python_files(repository.root, repository.lock.exclude)) as tree:
        code, trouble = tree.fits(compared, known)
    return report._replace(
        changes=changes, code=tuple(code), page=page, unread=None if trouble is None else str(trouble)
    )
