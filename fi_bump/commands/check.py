"""`fi-bump check`: compare the tree with the lock, and with --fix change the pins to the locked versions.

The check runs at every commit, so for a tree in step this module must not import typer, rich or another slow library
(tests/test_architecture.py lists them).
"""

from __future__ import annotations

from fi_bump import state
from fi_bump.boundary.here import shown_site
from fi_bump.errors import ConflictError, Exit, FiBumpError
from fi_bump.findings.of_check import Finding, compare, conflict, finding_line, finding_order, interrupted
from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.report.finding_lines import check_lines, help_lines, mention_counts, mention_line, move_lines
from fi_bump.repository import Repository, open_repository
from fi_bump.scanning import cache
from fi_bump.scanning.scan import Scan, watch_names
from fi_bump.scanning.upwards import enter
from fi_bump.terminal.output import say, write_document, write_patch
from fi_bump.terminal.wanted import on_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fi_bump.editing.plan import Plan
    from fi_bump.editing.write import FileChange
    from fi_bump.releases.asking import Online
    from fi_bump.report.formats import ReportFormat
    from fi_bump.scanning.mentions import Mention


class CheckOptions(NamedTuple):
    """The options of `check`. `cold` reads every file, whatever the cache has."""

    root: str = "."
    paths: tuple[str, ...] = ()
    fix: bool = False
    diff: bool = False
    form: ReportFormat = "text"
    mentions: bool = False
    cold: bool = False
    online: Online | None = None


def parse(arguments: list[str]) -> CheckOptions | None:
    """Return the options of a plain `[-C DIR] check …` command line, or None if it needs the full parser.

    Importing typer takes longer than the check.
    """
    options = CheckOptions()
    words = iter(arguments)
    word = next(words, None)
    if word == "-C":
        options = options._replace(root=next(words, ""))
        word = next(words, None)
    if word != "check" or not options.root:
        return None
    options = options._replace(root=enter(options.root))
    for word in words:
        if word == "--fix":
            options = options._replace(fix=True)
        elif word == "--diff":
            options = options._replace(diff=True)
        elif word == "--cold":
            options = options._replace(cold=True)
        elif word == "--mentions":
            options = options._replace(mentions=True)
        elif word == "--format" or word.startswith("--format="):
            form = _format(word[9:] if "=" in word else next(words, ""))
            if form is None:
                return None
            options = options._replace(form=form)
        elif word.startswith("-") or not word:
            return None
        else:
            options = options._replace(paths=(*options.paths, word))
    return options


def _format(name: str) -> ReportFormat | None:
    if name == "text":
        return "text"
    # It loads `typing`, which a check without --format does not need.
    from fi_bump.report.formats import report_format

    return report_format(name)


def run(options: CheckOptions) -> int:
    """Check, print the report, and return the exit code: 0 in step, 1 with findings left.

    Without `fix` no file of the repository is written. Raises FiBumpError when the tree cannot be checked.
    """
    try:
        repository = open_repository(options.root)
    except ConflictError as error:
        return _report_conflicts(options, error)
    watch = _watch(repository, options)
    changes: list[FileChange] = []
    earlier = _earlier(repository) if options.mentions else None
    if options.fix:
        repository, scan, changes = _fix(repository.root, options)
    else:
        scan = repository.scan(options.paths, watch, words=() if earlier is None else _words(repository, earlier))
        if options.diff:
            from fi_bump.editing.plan import make_plan

            _show(repository, repository.verified(make_plan(repository.lock, scan)), options)
    findings = _findings(repository, scan)
    if options.online is not None:
        from fi_bump.commands.check_online import online_findings, tag_findings

        findings = sorted(
            [*findings, *online_findings(repository, scan, options.online), *tag_findings(repository, scan)],
            key=finding_order,
        )
    lines = _report(repository, scan, findings, options, changes, earlier)
    say(lines or ())
    in_step = not any(finding.fails for finding in findings)
    if watch is not None:
        watch.save()
    return int(Exit.OK if in_step else Exit.FINDINGS)


def _report_conflicts(options: CheckOptions, error: ConflictError) -> int:
    """Report the conflicts of a lock that has conflict markers, and of the files with pins; change nothing."""
    from fi_bump.repository import conflict_places, sides

    opened = sides(options.root, error.data)
    if not opened:
        raise error
    scan = opened[0].scan(options.paths)
    findings = sorted([conflict(place) for place in {*conflict_places(error.data), *scan.conflicts}], key=finding_order)
    if options.form == "text":
        say([*map(finding_line, findings), *help_lines(findings)])
    else:
        nothing = scan._replace(pins=(), unpinned=(), floors=(), unparsed=())
        say(_report(opened[0], nothing, findings, options) or ())
    return int(Exit.FINDINGS)


def _watch(repository: Repository, options: CheckOptions) -> cache.Watch | None:
    """Return the cache of the last check for a check of the whole tree without other options, else None."""
    root = options.root
    if options._replace(cold=False) != CheckOptions(root) or not cache.enabled(root):
        return None
    last_check = cache.nothing() if options.cold else cache.recall(root)
    return cache.Watch(repository.root, watch_names(repository.lock), last_check)


def _show(repository: Repository, plan: Plan, options: CheckOptions) -> None:
    if options.form == "text":
        write_patch(repository.diff(plan))


def _fix(root: str, options: CheckOptions) -> tuple[Repository, Scan, list[FileChange]]:
    """Change the pins to the locked versions; return the repository and its scan after that, and the changes."""
    from fi_bump.commands.locked import locked_repository
    from fi_bump.editing.plan import make_plan
    from fi_bump.editing.write import witnessed

    with witnessed() as changes, locked_repository(root, quiet=options.form != "text") as repository:
        plan = repository.verified(make_plan(repository.lock, repository.scan(options.paths)))
        if options.diff:
            _show(repository, plan, options)
        repository.apply(plan, "check --fix")
        again = open_repository(root)
        scan = again.scan(options.paths)
    if options.form == "text":
        say([f"fixed {line}" for change in plan.changes for line in move_lines(change)])
        old_sites, sites = set(repository.lock.sites), plan.lock.sites
        say([f"recorded {shown_site(site)}" for site in sites if site not in old_sites])
    return again, scan, changes


def _findings(repository: Repository, scan: Scan) -> list[Finding]:
    findings = compare(repository.lock, scan)
    if state.pending(repository.root):
        findings.insert(0, interrupted(state.pending_paths(repository.root)))
    compared = scan.pins or any(place.version is not None for place in scan.unpinned)
    if not compared and not any(finding.fails for finding in findings):
        names = ", ".join(group.name for group in repository.lock.groups)
        where = f" below {', '.join(scan.below)}" if any(scan.below) else ""
        hint = "name files that contain pins, record a place with fi-bump site add, or run fi-bump init --force"
        raise FiBumpError(f"found no pin of {names}{where}, so nothing was checked", hint=hint)
    return findings


def _report(
    repository: Repository,
    scan: Scan,
    findings: list[Finding],
    options: CheckOptions,
    changes: Sequence[FileChange] = (),
    earlier: Mapping[str, Iterable[str]] | None = None,
) -> list[str] | None:
    """Return the report's lines, or None after printing it in another format.

    With the `earlier` versions of each group, mentions are reported too.
    """
    mentions = None if earlier is None else _mentions(repository, scan, findings, earlier)
    if options.form == "json":
        from fi_bump.report.json.check import check_json
        from fi_bump.report.json.envelope import enveloped

        result = check_json(repository, scan, findings, mentions)
        write_document(enveloped("check", Exit.OK if result["ok"] else Exit.FINDINGS, result, changes=changes))
        return None
    if options.form != "text" or (findings and on_terminal()):
        from fi_bump.report.findings.formats import emit
        from fi_bump.report.findings.from_check import check_report

        emit(check_report(repository, scan, findings, mentions), options.form, repository.root)
        return None
    lines = check_lines(repository, scan, findings)
    lines += [mention_line(mention) for mention in mentions or ()]
    return lines if mentions is None else [*lines, *mention_counts(repository.lock, mentions)]


def _earlier(repository: Repository) -> dict[str, tuple[str, ...]]:
    """Return the versions that each group had before its present one."""
    from fi_bump.git.commits import earlier_files
    from fi_bump.lock.records import LOCK_NAME
    from fi_bump.scanning.mentions import earlier_versions

    return earlier_versions(repository.lock, earlier_files(repository.root, LOCK_NAME))


def _words(repository: Repository, earlier: Mapping[str, Iterable[str]]) -> tuple[bytes, ...]:
    from fi_bump.scanning.mentions import words_of_others

    return words_of_others(repository.lock, earlier)


def _mentions(
    repository: Repository, scan: Scan, findings: list[Finding], earlier: Mapping[str, Iterable[str]]
) -> list[Mention]:
    """Return the mentions, one per line, without the lines that a finding names already."""
    from fi_bump.scanning.mentions import of_others

    found = of_others(repository.root, repository.lock, scan, earlier)
    lines = {(each.path, each.line): each for each in sorted(found, reverse=True)}
    named = {(each.place.path, each.place.line) for each in findings}
    return sorted(each for at, each in lines.items() if at not in named)
