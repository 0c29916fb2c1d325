"""Write the document of `fleet --format json`, which schemas/fleet.schema.json describes."""

from __future__ import annotations

from typing import Any

from fi_bump.fleet.model import Fleet, FleetMember, GroupStatus, State

_STATES = {
    State.IN_STEP: "in-step",
    State.FINDINGS: "findings",
    State.NO_LOCK: "no-lock",
    State.UNREADABLE: "unreadable",
}


def fleet_json(fleet: Fleet) -> dict[str, Any]:
    """Return the result. Every key is always present."""
    return {
        "ok": fleet.ok,
        "engine": fleet.engine,
        "online": fleet.online,
        "counts": fleet.counted(),
        "repositories": [_member(member) for member in fleet.members],
    }


def _member(member: FleetMember) -> dict[str, Any]:
    checkout = member.checkout
    return {
        "name": checkout.name,
        "path": checkout.path,
        "commit": checkout.commit,
        "date": checkout.date,
        "state": _STATES[checkout.state],
        "error": checkout.error,
        "findings": checkout.findings,
        "groups": [_standing(each) for each in member.standings],
    }


def _standing(each: GroupStatus) -> dict[str, Any]:
    newest = each.newest
    return {
        "name": each.held.group.name,
        "version": each.held.group.version,
        "packages": list(each.held.group.package_names),
        "hold": each.hold,
        "pins": each.held.pins,
        "findings": each.held.findings,
        "fleet": {"newest": each.fleet, "in": each.leader, "behind": each.behind_fleet},
        "index": None
        if newest is None
        else {"newest": newest.version, "behind": each.behind_newest, "error": newest.error},
        "engine": [{**against._asdict(), "through": list(against.through)} for against in each.engine],
    }
