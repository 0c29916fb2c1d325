"""Compare the checkouts of a fleet with each other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fi_bump.fleet.model import Against, Checkout, Fleet, FleetMember, GroupStatus, Held, Newest
from fi_bump.lock.records import Group
from fi_bump.ownership import agrees
from fi_bump.versions import newer, newest_first

# The newest version that every member of a group has, by checkout and group.
Known = Mapping[tuple[str, str], Newest]


def compare(checkouts: Sequence[Checkout], engine: str | None, known: Known | None) -> Fleet:
    """Compare each group with the same group in other checkouts, with the indexes, and with the engine.

    `engine` is a checkout's name. `known` is None if no index was asked.
    """
    leaders = _leaders(checkouts)
    base = next((each for each in checkouts if each.name == engine), None)
    return Fleet(
        tuple(
            FleetMember(each, tuple(_standing(each, held, leaders, base, known) for held in each.groups))
            for each in checkouts
        ),
        engine,
        known is not None,
    )


def _leaders(checkouts: Sequence[Checkout]) -> dict[str, tuple[str, str]]:
    """Return, by group, the newest locked version and the first checkout that has it."""
    found: dict[str, dict[str, str]] = {}
    for checkout in checkouts:
        for held in checkout.groups:
            found.setdefault(held.group.name, {}).setdefault(held.group.version, checkout.name)
    best = {name: newest_first(list(versions))[0] for name, versions in found.items()}
    return {name: (version, found[name][version]) for name, version in best.items()}


def _standing(
    checkout: Checkout,
    held: Held,
    leaders: Mapping[str, tuple[str, str]],
    base: Checkout | None,
    known: Known | None,
) -> GroupStatus:
    group = held.group
    fleet, leader = leaders[group.name]
    newest = None if known is None else known[checkout.name, group.name]
    return GroupStatus(
        held=held,
        fleet=fleet,
        leader=leader,
        behind_fleet=group.hold is None and newer(fleet, group.version),
        newest=newest,
        behind_newest=group.hold is None
        and newest is not None
        and newest.version is not None
        and newer(newest.version, group.version),
        engine=() if base is None or base.name == checkout.name else _against(group, base),
    )


def _against(group: Group, engine: Checkout) -> tuple[Against, ...]:
    """Return the engine's group of the same name, else its groups that share a package.

    An engine may have a package at several versions, so if any of its groups agree, only those are returned.
    """
    groups = [held.group for held in engine.groups]
    same = [
        Against(other.name, other.version, (), agrees(other.version, group.version))
        for other in groups
        if other.name == group.name
    ]
    names = set(group.package_names)
    shared = [(other, tuple(sorted(names & set(other.package_names)))) for other in groups]
    by_package = [
        Against(other.name, other.version, through, agrees(other.version, group.version))
        for other, through in shared
        if through
    ]
    found = same or by_package
    return tuple([each for each in found if each.agrees] or found)
