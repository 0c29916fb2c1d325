"""`fi-bump audit`: print the audit of the locked versions, or of versions that the command line names."""

from __future__ import annotations

from contextlib import ExitStack
from typing import NamedTuple

from packaging.version import Version

from fi_bump.audit.audit import audit
from fi_bump.audit.resolve import Verdict, resolve
from fi_bump.audit.words import lines, proposed_command, summary
from fi_bump.commands.audit_code import compare_code
from fi_bump.errors import Exit, FiBumpError, NoReleaseError, UsageError
from fi_bump.fit.engine.files import python_files
from fi_bump.fit.model import Fit
from fi_bump.fit.tree_code import TreeCode, compared
from fi_bump.lock.records import Lock
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.counting import count_members
from fi_bump.releases.known import Known
from fi_bump.report.api.migration import migration_page
from fi_bump.report.api.text import fit_lines
from fi_bump.report.findings.source_lines import Lines
from fi_bump.report.formats import ReportFormat
from fi_bump.report.json.audit import audit_json
from fi_bump.report.json.envelope import enveloped
from fi_bump.repository import Repository, open_repository
from fi_bump.request import Request, read_request
from fi_bump.terminal.output import say, say_next, write_document, write_text
from fi_bump.terminal.wanted import on_terminal


class AuditOptions(NamedTuple):
    """The options of `audit`. Without `targets` it audits the locked versions.

    With `api` it also compares the code with the releases: of the members, and of `packages` (`NAME[==VERSION]`).
    `against` is the release to compare with in place of the locked one. With `trace_notes` each note names the release
    in which it came up, however many releases are between the two.
    """

    root: str
    targets: tuple[str, ...] = ()
    online: Online = Online()
    form: ReportFormat = "text"
    resolve: bool = False
    api: bool = False
    packages: tuple[str, ...] = ()
    against: str | None = None
    trace_notes: bool = False


def run(options: AuditOptions) -> int:
    """Print the audit and return 1 when there is a conflict, else 0.

    Raises NoReleaseError (exit code 1) when no member has a named version, and another FiBumpError when the audit
    cannot be made.
    """
    needing = {"--package": options.packages, "--against": options.against, "--trace-notes": options.trace_notes}
    for option, given in needing.items():
        if given and not options.api:
            raise UsageError(f"{option} needs --api", hint="add --api")
    repository = open_repository(options.root)
    request = read_request(repository, options.targets)
    lock, versions = request
    with ExitStack() as stack:
        tree = None
        if options.api:
            tree = stack.enter_context(TreeCode(repository.root, python_files(repository.root, lock.exclude)))
            tree.read_ahead(compared(lock, versions))
        scan = repository._replace(lock=lock).quick_scan()
        known = stack.enter_context(asking(repository.root, lock, options.online, scan))
        _refuse_what_nobody_has(request, known)
        found = audit(repository.root, lock, versions, known, scan.all_paths)
        verdicts, trouble = _verdicts(repository, request, known) if options.resolve else ([], None)
        code, unread = _code(repository, request, known, options, tree)
        trouble = trouble or unread or known.unread
    failed = bool(found.conflicts) or any(not verdict.ok for verdict in verdicts) or any(each.fails for each in code)
    has_results = bool(found.conflicts or found.notes or any(each.findings for each in code))
    if options.form == "json":
        resolved, fits = verdicts if options.resolve else None, code if options.api else None
        result = audit_json(lock, versions, found, resolved, fits)
        write_document(enveloped("audit", Exit.FINDINGS if failed else Exit.OK, result, error=trouble))
    elif options.form != "text" or (has_results and on_terminal()):
        from fi_bump.report.findings.formats import emit
        from fi_bump.report.findings.from_audit import Closing, audit_report

        closing = Closing(summary(lock, versions, found), proposed_command(lock, versions, found), not failed)
        page = migration_page(code, Lines(repository.root).read) if options.form == "markdown" else ""
        report = audit_report(repository.root, lock, found, verdicts, closing, code, brief=bool(page))
        emit(report, options.form, repository.root)
        if page:
            write_text(f"\n{page}\n")
    else:
        say(lines(found))
        if command := proposed_command(lock, versions, found):
            say([command])
        say([summary(lock, versions, found)])
        say(line for verdict in verdicts for line in verdict.lines)
        say(fit_lines(code))
    if trouble is not None:
        raise trouble
    moves = [f"{name}=={version}" for name, version in versions.items() if version != _locked(repository.lock, name)]
    if options.form == "text" and moves and not failed:
        say_next(f"fi-bump set {' '.join(moves)}")
    return int(Exit.FINDINGS if failed else Exit.OK)


def _locked(lock: Lock, name: str) -> str | None:
    group = lock.group(name)
    return None if group is None else group.version


def _refuse_what_nobody_has(request: Request, known: Known) -> None:
    """Raise NoReleaseError for a version that no member has: there are no requirements to read.

    A version that only some members have is audited with those members; `set` refuses it.
    """
    for group in request.groups:
        version = request.versions[group.name]
        members = count_members(known, group, version).asked
        request.versions[group.name] = known.spelled(members, Version(version))
        releases = known.member_releases(members, Version(version))
        if members and all(release.missing for release in releases):
            common = known.common(members)
            hint = "run fi-bump latest to see the newest versions"
            if common:
                hint = f"run fi-bump audit {group.name}=={common}, the newest version that every member has"
            raise NoReleaseError(f"no package of {group.name} has the release {version}", hint=hint)


def _code(
    repository: Repository, request: Request, known: Known, options: AuditOptions, tree: TreeCode | None
) -> tuple[list[Fit], FiBumpError | None]:
    """Return how the code fits the releases; nothing without --api."""
    if tree is None:
        return [], None
    return compare_code(
        repository, request, known, options.packages, options.against, tree, trace_notes=options.trace_notes
    )


def _verdicts(repository: Repository, request: Request, known: Known) -> tuple[list[Verdict], FiBumpError | None]:
    """Return uv's verdicts, or the error that prevented them, so that the audit itself is printed in both cases."""
    try:
        return resolve(repository, request, known), None
    except FiBumpError as error:
        return [], error
