"""The known families, from which `init` proposes groups. The data is in data/families.json."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fi_bump.boundary.reading import read_data
from fi_bump.lock.records import Group, Member


def families() -> dict[str, Group]:
    """Return the known families by name, as groups without sites at the placeholder version 0."""
    return {name: _group(name, family) for name, family in _document().items()}


def proposed() -> tuple[Group, ...]:
    """Return the families that `init` looks for without --group."""
    return tuple(_group(name, family) for name, family in _document().items() if family.get("proposed"))


def tags_of(repositories: Iterable[str]) -> tuple[str, ...]:
    """Return the rules by which a version becomes a tag of a known family's repository; () for any other repository."""
    wanted = set(repositories)
    found = (family for family in _document().values() if wanted & {*family["repositories"]})
    return next((tuple(family.get("tags", ())) for family in found), ())


def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(read_data("families.json"))
    return document


def _group(name: str, family: dict[str, Any]) -> Group:
    packages = tuple(Member(package) for package in family["packages"])
    return Group(name, "0", packages, tuple(family["variables"]), tuple(family["repositories"]))
