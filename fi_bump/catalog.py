"""The known families: what `init` proposes groups from, and nothing more. The data stands in data/families.json."""

from __future__ import annotations

import json
from importlib.resources import files

from fi_bump.lock import Group, Member


def families() -> dict[str, Group]:
    """The known families by name, as groups that have no sites and the placeholder version 0."""
    document = json.loads(files("fi_bump").joinpath("data", "families.json").read_bytes())
    return {
        name: Group(
            name,
            "0",
            tuple(Member(package) for package in family["packages"]),
            tuple(family["variables"]),
            tuple(family["repositories"]),
        )
        for name, family in document.items()
    }
