"""`fi-bump status`: print groups, versions and sites, as a table or as JSON."""

from __future__ import annotations

from fi_bump.errors import Exit, LockError
from fi_bump.lock.records import LOCK_NAME
from fi_bump.records import TYPE_CHECKING
from fi_bump.report.status import plain_status, statuses
from fi_bump.repository import Repository, open_commit, open_repository
from fi_bump.scanning import files
from fi_bump.scanning.scan import Scan
from fi_bump.terminal.output import write_document, write_text

if TYPE_CHECKING:
    from fi_bump.report.formats import ListFormat


def run(root: str, form: ListFormat = "text", ref: str | None = None) -> int:
    """Print the state of every recorded site and return 0, also when there is drift: failing is the task of `check`.

    With `ref` it is the state in that git revision, which is read without a checkout.
    """
    if ref is None:
        repository = open_repository(root)
        scan = repository.quick_scan()
    else:
        repository, scan = _at(root, ref)
    if form == "json":
        from fi_bump.report.json.check import status_json
        from fi_bump.report.json.envelope import enveloped

        write_document(enveloped("status", Exit.OK, status_json(repository, scan)))
    else:
        groups = statuses(repository, scan)
        text = plain_status(groups)
        if text is not None:
            write_text(text)
        else:
            from fi_bump.report.tables import print_status

            print_status(groups)
    return int(Exit.OK)


def _at(root: str, ref: str) -> tuple[Repository, Scan]:
    from fi_bump.git.commits import revision

    opened = open_commit(files.find_root(root), revision(root, ref, "--ref"), ref)
    if opened is None:
        raise LockError(f"there is no lock in {ref}", place=LOCK_NAME, hint="name another revision with --ref")
    return opened
