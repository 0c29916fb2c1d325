"""What a lock asks of a scan: the names to find, the words by which a file can have them, and the recorded anchors."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.grammar import LITERAL, fewest, longest_parts
from fi_bump.lock.records import Group
from fi_bump.pins import Wanted


def wanted_by(groups: Iterable[Group]) -> Wanted:
    """Return the names that the finders look for, for these groups."""
    groups = tuple(groups)
    return Wanted(
        frozenset(member.name for group in groups for member in group.packages),
        frozenset(name for group in groups for name in group.variables),
        frozenset(name for group in groups for name in group.repositories),
    )


def needles(wanted: Wanted) -> tuple[bytes, ...]:
    """Return the shortest list of lower-case words such that every file with a pin contains at least one of them."""
    words = longest_parts(wanted.packages)
    words |= {max(name.lower().split("_"), key=len) if "_" in name else name.lower() for name in wanted.variables}
    words |= {name.rpartition("/")[2] for name in wanted.repositories}
    words -= {"version"}
    words |= {name.lower() for name in wanted.variables if not any(word in name.lower() for word in words)}
    return fewest(word.encode() for word in words)


def words_of(packages: Iterable[str]) -> tuple[bytes, ...]:
    """Return the shortest list of lower-case words such that every spelling of these names contains one of them."""
    return fewest(word.encode() for word in longest_parts(packages))


def literal_anchors(groups: Iterable[Group]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Return the literal anchors that the lock records, by path, each with the packages of its group."""
    literals: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for group in groups:
        for site in group.sites:
            path, _, anchor = site.partition("#")
            if anchor.startswith(LITERAL):
                literals.setdefault(path, []).append((anchor, group.package_names))
    return literals


def recorded_anchors(groups: Iterable[Group]) -> dict[str, set[str]]:
    """Return the anchors that the lock records and a finder finds, by path."""
    anchors: dict[str, set[str]] = {}
    for group in groups:
        for site in group.sites:
            path, _, anchor = site.partition("#")
            if not anchor.startswith(LITERAL):
                anchors.setdefault(path, set()).add(anchor)
    return anchors
