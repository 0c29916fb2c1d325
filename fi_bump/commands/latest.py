"""`fi-bump latest`: print the newest version that every member has, and the newest version of each member."""

from __future__ import annotations

from typing import NamedTuple

from packaging.version import Version

from fi_bump.audit.audit import audit
from fi_bump.audit.statements import Paths
from fi_bump.errors import Exit
from fi_bump.index.client import newest
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.releases.age import Young, young
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.counting import Counted, count_members, newest_common
from fi_bump.releases.known import Known
from fi_bump.releases.latest import GroupLatest, MemberLatest
from fi_bump.releases.notes import GroupNotes, release_notes
from fi_bump.releases.on_the_way import on_the_way
from fi_bump.report.formats import ListFormat
from fi_bump.report.json.envelope import enveloped
from fi_bump.report.json.latest import latest_json
from fi_bump.report.latest import plain_latest, shown_latest
from fi_bump.repository import open_repository
from fi_bump.request import named_group
from fi_bump.terminal.output import write_document, write_text


class LatestOptions(NamedTuple):
    """The options of `latest`. Without `groups` it shows all; with `exit_code` it fails when a group is behind."""

    root: str
    groups: tuple[str, ...] = ()
    online: Online = Online()
    form: ListFormat = "text"
    exit_code: bool = False


def run(options: LatestOptions) -> int:
    """Print the newest versions and return 0, or 1 with `exit_code` when a group is behind.

    Raises PackageIndexError when an index does not answer.
    """
    repository = open_repository(options.root)
    lock = repository.lock
    groups = [named_group(lock, name) for name in dict.fromkeys(options.groups)] or lock.groups
    scan = repository.quick_scan()
    with asking(repository.root, lock, options.online, scan) as known:
        found = [_group(repository.root, lock, group, known, options.online, scan.all_paths) for group in groups]
    behind = any(each.is_behind for each in found)
    code = Exit.FINDINGS if options.exit_code and behind else Exit.OK
    if options.form == "json":
        write_document(enveloped("latest", code, latest_json(found)))
    else:
        shown = list(map(shown_latest, found))
        text = plain_latest(shown)
        if text is not None:
            write_text(text)
        else:
            # Importing rich takes longer than the rest of the command without its requests.
            from fi_bump.report.tables import print_latest

            print_latest(shown)
    return int(code)


def _group(root: str, lock: Lock, group: Group, known: Known, online: Online, paths: Paths) -> GroupLatest:
    counted = count_members(known, group)
    common = newest_common(known, counted, group)
    found = None if common is None else audit(root, lock, {group.name: str(common)}, known, paths)
    return GroupLatest(
        group=group,
        members=tuple(_member(member, known) for member in counted.asked),
        common=common,
        conflicts=len(found.conflicts) if found else None,
        notes=len(found.notes) if found else 0,
        counted=counted,
        young=_young(known, counted, group),
        failures=found.failures if found else (),
        release_notes=_notes(known, counted, group, common) if online.release_notes else None,
    )


def _notes(known: Known, counted: Counted, group: Group, common: Version | None) -> GroupNotes | None:
    """Return the release notes from the locked version to the newest common one; None if that is not newer."""
    if common is None or common <= Version(group.version):
        return None
    return release_notes(known, group, on_the_way(known, counted.asked, group.version, str(common)))


def _young(known: Known, counted: Counted, group: Group) -> Young | None:
    """Return the newest version that all members have, if it is newer than the locked one and not old enough."""
    best = known.common(counted.asked)
    return None if best is None or best <= Version(group.version) else young(known, counted.asked, group, best)


def _member(member: Member, known: Known) -> MemberLatest:
    version = newest(known.usable(member.name), prereleases=known.terms.prerelease)
    uploaded = [file.uploaded for file in known.files(member.name, version) if file.uploaded] if version else []
    date = min(uploaded)[:10] if uploaded else None
    answer = known.answer(member.name)
    index = answer.index_of(version, member.label) if version else answer.project.index_url
    return MemberLatest(member, index, version, date)
