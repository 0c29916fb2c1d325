"""Write the lines that `audit` and `set` print about an audit."""

from __future__ import annotations

from collections.abc import Mapping

from fi_bump.audit.audit import Audit
from fi_bump.lock.records import Lock


def lines(found: Audit) -> list[str]:
    """Return one line per conflict and per note, in the form of `check`'s findings."""
    return conflict_lines(found) + note_lines(found)


def conflict_lines(found: Audit) -> list[str]:
    """Return one line per conflict, in the form of `check`'s findings."""
    return [f"{each.stated.place.at_line}: {each.message} [conflict]" for each in found.conflicts]


def note_lines(found: Audit) -> list[str]:
    """Return one line per note."""
    return [f"{note.place.at_line}: note: {note.message}" for note in found.notes]


def proposed_command(lock: Lock, versions: Mapping[str, str], found: Audit) -> str | None:
    """Return a help line with the command that resolves all conflicts, or without one if there is none.

    `set` must accept the command. Returns None without conflicts.
    """
    if not found.conflicts:
        return None
    if found.proposal is None:
        return "help: change one of these requirements by hand; no versions of the pinned packages fit together"
    if found.refused:
        return "help: run fi-bump latest to see which release all packages have; set refuses this one"
    groups = versions or {group.name: group.version for group in lock.groups}
    owners = {member.name: group.name for group in lock.groups for member in group.packages}
    moves = [f"{name}=={version}" for name, version in groups.items()]
    moves += [f"{owners.get(name, name)}=={version}" for name, version in sorted(found.proposal.items())]
    return f"help: run fi-bump set {' '.join(dict.fromkeys(moves))}"


def summary(lock: Lock, versions: Mapping[str, str], found: Audit) -> str:
    """Return a line like `flashinfer 0.6.11.post2: 1 conflict`."""
    about = ", ".join(f"{group.name} {versions.get(group.name, group.version)}" for group in lock.groups)
    number = len(found.conflicts)
    return f"{about}: {number or 'no'} conflict{'' if number == 1 else 's'}"
