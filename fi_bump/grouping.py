"""Make groups from a scan: the version they take, the sites they record, and whether one becomes several."""

from __future__ import annotations

import re
from collections import Counter

from fi_bump.lock import Group, Lock
from fi_bump.ownership import assign, site_to_record
from fi_bump.pins import Kind, Pin
from fi_bump.scanning.scan import Scan
from fi_bump.versions import canonical_version, newest_first

# Tables and folders whose names are too common to name a group.
_GENERAL = frozenset(
    [
        "dependencies",
        "override-dependencies",
        "constraint-dependencies",
        "requires",
        "run",
        "script",
        "pip",
        "docker",
        "requirements",
        "github",
        "workflows",
        "buildkite",
        "ci",
        "scripts",
        "deploy",
        "src",
        "tests",
        "images",
        "image",
        "build",
        "tools",
        "python",
    ]
)


def filled(group: Group, lock: Lock, found: Scan, version: str | None) -> Group | None:
    """Return the group with the sites of its pins and one version, or None without pins.

    Without `version` it takes the version that most of its pins have. Every package of the family stays a member,
    pinned today or not, so that fi-bump finds a pin of it that is added later.
    """
    pins = [pin for pin, owner, _ in assign(lock, found.pins) if owner == group]
    if not pins:
        return None
    votes = Counter(canonical_version(pin.version) for pin in pins)
    most = max(votes.values())
    elected = newest_first([each for each, number in votes.items() if number == most])[0]
    sites = tuple(sorted(map(site_to_record, pins)))
    return group._replace(version=version or elected, sites=sites)


def split(group: Group, found: Scan, *, everywhere: bool) -> list[Group]:
    """Return the group, or one group per version if the pins differ on purpose.

    They do if the tables of one file have several versions of a package, since no installer would accept them together.
    Elsewhere a second version is drift, unless `everywhere` (`--split`) says that it is not.
    """
    pins = [pin for pin in found.pins if pin.site in group.sites]
    by_version: dict[str, list[Pin]] = {}
    for pin in pins:
        by_version.setdefault(canonical_version(pin.version), []).append(pin)
    versions_of: dict[tuple[str, str], set[str]] = {}
    for version, same in by_version.items():
        for pin in same:
            versions_of.setdefault((pin.source.path, pin.subject), set()).add(version)
    on_purpose = any(len(versions) > 1 and path.endswith(".toml") for (path, _), versions in versions_of.items())
    if len(by_version) == 1 or not (everywhere or on_purpose):
        return [group]
    taken: set[str] = set()
    groups = []
    for version, same in sorted(by_version.items(), key=lambda item: item[0] != group.version):
        name = group.name if version == group.version else _scope_name(group, same, version)
        name = name if name not in taken else f"{name}-{version.replace('.', '-').replace('!', '-')}"
        taken.add(name)
        groups.append(group._replace(name=name, version=version, sites=tuple(sorted(pin.site for pin in same))))
    return groups


def _scope_name(group: Group, pins: list[Pin], version: str) -> str:
    """Name a second version of a family after its table, its variable's prefix, its folder, or the version itself."""
    for scope in (*map(_scope, pins), *map(_folder, pins), version):
        words = re.sub("[^a-z0-9]+", "-", scope.lower()).strip("-")
        if words and words not in _GENERAL:
            return f"{group.name}-{words}"
    return f"{group.name}-{version}"


def _scope(pin: Pin) -> str:
    """Return what distinguishes a pin within its file: its table's last key, or the prefix of its variable's name."""
    if pin.kind is not Kind.VARIABLE:
        return pin.anchor.rpartition("/")[0].rpartition(".")[2]
    words = [word.upper().replace("-", "_") for word in re.split(r"[ ./]", pin.anchor)]
    return next((word.removesuffix(pin.subject) for word in words if word.endswith(pin.subject)), "")


def _folder(pin: Pin) -> str:
    """Return the last folder of a pin's path whose name is not too common, or an empty string."""
    folders = pin.source.path.split("/")[:-1]
    return next((name for name in reversed(folders) if name.lower().strip(".") not in _GENERAL), "")
