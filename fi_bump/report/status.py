"""What `status` prints of each group, and its text without rich."""

from __future__ import annotations

import re
import sys

from fi_bump.boundary.here import shown_site
from fi_bump.errors import quoted
from fi_bump.ownership import Assigned, assign
from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.report.plain import Cell, heading, is_plain, table, text_of
from fi_bump.repository import Repository
from fi_bump.scanning.scan import Scan
from fi_bump.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("  site", "version", "state")
# The colours of the states, as those of a finding: red fails a check.
STATES = {
    "in step": "green",
    "drift": "bold red",
    "missing": "bold red",
    "merge conflict": "bold red",
    "not recorded": "yellow",
}
_CODES = {"green": "32", "bold red": "1;31", "yellow": "33"}
# A word that no shell reads otherwise.
_BARE = re.compile(r"[\w@%+=:,./#-]+", re.ASCII)


class ShownGroup(NamedTuple):
    """A group: its name and version, lines about its packages and why it is held, and a row for each site."""

    name: str
    version: str
    lines: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]


def statuses(repository: Repository, scan: Scan) -> list[ShownGroup]:
    """Return each group with its members and the state of each site."""
    assigned = {each.pin.site: each for each in assign(repository.lock, scan.pins)}
    conflicted = {place.path for place in scan.conflicts}
    found = []
    for group in repository.lock.groups:
        members = []
        for member in group.packages:
            extra = ", ".join(part for part in (*member.index_urls, member.label and f"+{member.label}") if part)
            members.append(f"{member.name} ({extra})" if extra else member.name)
        lines = [f"  {', '.join(members)}"]
        if group.hold is not None:
            lines.append(f"  held: {group.hold}")
        rows = []
        unrecorded = [site for site, each in assigned.items() if each.group == group and not each.recorded]
        for site in sorted({*group.sites, *unrecorded}):
            pinned = assigned.get(site)
            state = "merge conflict" if site.partition("#")[0] in conflicted else _state(pinned, group.version)
            rows.append((f"  {shown_site(site)}", pinned.pin.version if pinned else "-", state))
        found.append(ShownGroup(group.name, group.version, tuple(lines), tuple(rows)))
    return found


def plain_status(groups: Sequence[ShownGroup]) -> str | None:
    """Return the text of `status` as rich prints it, or None where only rich knows how it looks."""
    texts = [text for each in groups for text in (each.name, each.version, *sum(each.rows, ()))]
    if not is_plain(texts, [line for each in groups for line in (f"{each.name} {each.version}", *each.lines)]):
        return None
    lines = []
    for each in groups:
        rows = [(_site(site), Cell(version), Cell(what, _CODES[STATES[what]])) for site, version, what in each.rows]
        lines += [
            heading(each.name, each.version),
            *map(visible, each.lines),
            *table(COLUMNS, rows),
        ]
    return text_of(lines)


def quoted_site(site: str) -> str:
    """Return a site as a terminal shows it: quoted where a shell needs that."""
    return site if _BARE.fullmatch(site) else quoted(site)


def _site(text: str) -> Cell:
    if not sys.stdout.isatty():
        return Cell(text)
    from fi_bump.terminal.paint import file_address

    site = text.strip()
    return Cell(f"  {quoted_site(site)}", "", file_address(site.partition("#")[0]))


def _state(pinned: Assigned | None, version: str) -> str:
    if pinned is None:
        return "missing"
    if pinned.pin.version != version:
        return "drift"
    return "in step" if pinned.recorded else "not recorded"
