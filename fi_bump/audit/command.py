"""`fi-bump audit`: print the audit of the locked or of proposed versions."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from packaging.version import Version

from fi_bump.audit.audit import Audit, audit
from fi_bump.audit.conflicts import shown
from fi_bump.audit.resolve import Verdict, resolve
from fi_bump.edge import say
from fi_bump.errors import Exit, FiBumpError, NoReleaseError
from fi_bump.lock import Lock
from fi_bump.online import Online, asking
from fi_bump.records import NamedTuple
from fi_bump.releases import Known
from fi_bump.repository import Repository, open_repository
from fi_bump.request import Request, read_request

SCHEMA = 1


class Options(NamedTuple):
    """What `audit` was asked for; without targets the locked versions are audited."""

    root: str
    targets: tuple[str, ...] = ()
    online: Online = Online()
    form: str = "text"
    resolve: bool = False


def run(options: Options) -> int:
    """Print the audit and return 1 when there is a conflict, else 0. Raises FiBumpError when it cannot be made.

    A proposed version that no member has is one, of exit code 1.
    """
    repository = open_repository(options.root)
    request = read_request(repository, options.targets)
    lock, versions = request
    with asking(repository.root, lock, options.online) as known:
        _refuse_what_nobody_has(request, known)
        found = audit(repository.root, lock, versions, known)
        verdicts, trouble = _verdicts(repository, request, known) if options.resolve else ([], None)
    failed = bool(found.conflicts) or any(not verdict.ok for verdict in verdicts)
    if options.form == "json":
        say([_document(lock, versions, found, verdicts if options.resolve else None)])
    elif options.form != "text" or ((found.conflicts or found.notes) and sys.stdout.isatty()):
        from fi_bump.report.formats import emit
        from fi_bump.report.of_audit import Closing, audit_report

        closing = Closing(summary(lock, versions, found), proposed_command(lock, versions, found), not failed)
        emit(audit_report(repository.root, lock, found, verdicts, closing), options.form, repository.root)
    else:
        say(lines(found))
        if command := proposed_command(lock, versions, found):
            say([command])
        say([summary(lock, versions, found)])
        say(line for verdict in verdicts for line in verdict.lines)
    if trouble is not None:
        raise trouble
    return int(Exit.FINDINGS if failed else Exit.OK)


def _refuse_what_nobody_has(request: Request, known: Known) -> None:
    """Raise NoReleaseError for a proposed version that no member has: there is nothing whose requirements can be read.

    A release of some members is audited as far as it goes; `set` refuses it.
    """
    for group in request.groups:
        version = request.versions[group.name]
        standings = known.standings(group.packages, Version(version))
        if all(standing.missing for standing in standings):
            common = known.common([each.member for each in standings if each.project.files])
            hint = f"the newest version that every member has is {common}" if common else "see fi-bump latest"
            raise NoReleaseError(f"no package of {group.name} has the release {version}", hint=hint)


def _verdicts(repository: Repository, request: Request, known: Known) -> tuple[list[Verdict], FiBumpError | None]:
    """What uv says, or why it says nothing: the audit itself is worth printing all the same."""
    try:
        return resolve(repository, request, known), None
    except FiBumpError as error:
        return [], error


def lines(found: Audit) -> list[str]:
    """A line for each conflict and each note, as `check` writes its findings."""
    text = [f"{each.stated.place}: {each.message} [conflict]" for each in found.conflicts]
    return text + [f"{note.place}: note: {note.message}" for note in found.notes]


def proposed_command(lock: Lock, versions: Mapping[str, str], found: Audit) -> str | None:
    """The one command that moves everything to where it agrees, or that there is none."""
    if not found.conflicts:
        return None
    if found.proposal is None:
        return "help: no versions of the pinned packages were found that agree"
    groups = versions or {group.name: group.version for group in lock.groups}
    owners = {member.name: group.name for group in lock.groups for member in group.packages}
    moves = [f"{name}=={version}" for name, version in groups.items()]
    moves += [f"{owners.get(name, name)}=={version}" for name, version in sorted(found.proposal.items())]
    return f"help: run fi-bump set {' '.join(dict.fromkeys(moves))}"


def summary(lock: Lock, versions: Mapping[str, str], found: Audit) -> str:
    """`flashinfer 0.6.11.post2: 1 conflict`."""
    about = ", ".join(f"{group.name} {versions.get(group.name, group.version)}" for group in lock.groups)
    number = len(found.conflicts)
    return f"{about}: {number or 'no'} conflict{'' if number == 1 else 's'}"


def _document(lock: Lock, versions: Mapping[str, str], found: Audit, verdicts: list[Verdict] | None) -> str:
    """The document of `audit --format json` (schemas/audit.schema.json)."""
    proposal: Mapping[str, Version] = found.proposal or {}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "ok": not found.conflicts and all(verdict.ok for verdict in verdicts or ()),
        "groups": [{"name": group.name, "version": versions.get(group.name, group.version)} for group in lock.groups],
        "conflicts": [
            {
                "path": each.stated.place.rpartition(":")[0],
                "line": int(each.stated.place.rpartition(":")[2]),
                "stated": shown(each.stated.requirement),
                "package": each.stated.package,
                "release": each.demand.by,
                "releasePlace": each.demand.place,
                "needs": shown(each.demand.requirement),
                "message": each.message,
            }
            for each in found.conflicts
        ],
        "notes": [
            {"path": note.place.rpartition(":")[0], "line": int(note.place.rpartition(":")[2]), "message": note.message}
            for note in found.notes
        ],
        "proposal": None
        if found.proposal is None
        else {name: str(version) for name, version in sorted(proposal.items())},
    }
    if verdicts is not None:
        document["resolver"] = [
            {"path": verdict.path, "ok": verdict.ok, "text": "\n".join(verdict.lines)} for verdict in verdicts
        ]
    return json.dumps(document, indent=2, ensure_ascii=False)
