"""An installation has the packages that docs/design.md lists with their reasons, and no others."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DESIGN = Path(__file__).parents[2] / "docs" / "design.md"


def installed_with(name: str) -> dict[str, set[str]]:
    """Return each package that comes with one, itself included, with those that it requires here."""
    found: dict[str, set[str]] = {}
    waiting = [canonicalize_name(name)]
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        requirements = [Requirement(text) for text in distribution(package).requires or ()]
        here = [each for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]
        found[package] = {canonicalize_name(each.name) for each in here}
        waiting += map(canonicalize_name, found[package])
    return found


def listed() -> dict[str, list[str]]:
    """Return the packages of the table, each of the first column with those of the second, which it brings."""
    section = DESIGN.read_text(encoding="utf-8").split("## Packages of an installation\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| ([^|]*) \|", section, re.MULTILINE)
    return {name: re.findall(r"`([\w-]+)`", brought) for name, brought in rows}


def test_every_package_of_an_installation_is_listed() -> None:
    table = listed()
    found = installed_with("fi-bump")
    assert found["fi-bump"] == set(table)
    assert found.keys() <= {"fi-bump", *table, *(name for brought in table.values() for name in brought)}


def test_the_number_of_packages_is_right() -> None:
    table = listed()
    names = {*table, *(name for brought in table.values() for name in brought)}
    assert f"brings {len(names)} other packages" in DESIGN.read_text(encoding="utf-8")
