"""`fi-bump status`: print groups, versions and sites, as a table or as JSON."""

from __future__ import annotations

from fi_bump.errors import Exit
from fi_bump.report.formats import ListFormat
from fi_bump.repository import open_repository
from fi_bump.terminal.output import write_text


def run(root: str, form: ListFormat) -> int:
    """Print the state of every recorded site and return 0, also when there is drift: failing is the task of `check`."""
    repository = open_repository(root)
    scan = repository.scan()
    if form == "json":
        from fi_bump.report.json.check import status_json

        write_text(f"{status_json(repository, scan)}\n")
    else:
        from fi_bump.report.tables import print_status

        print_status(repository, scan)
    return int(Exit.OK)
