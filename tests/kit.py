"""Two groups, and the pins of a few files, for tests of everything that is made from pins."""

from __future__ import annotations

from fi_bump.findings.of_check import Finding, compare
from fi_bump.formats import bake, dockerfile, requirements
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.pins import Source
from fi_bump.scanning.asked import wanted_by
from fi_bump.scanning.scan import Scan

REQUIREMENTS, DOCKERFILE, JSON = "requirements.txt", "Dockerfile", "x.json"
KIT = Group("kit", "1.1", (Member("kit"), Member("kit-cubin")), ("KIT_VERSION",), ("github.com/o/kit",))
OTHER = Group("other", "3.0", (Member("other"),))
FINDERS = {REQUIREMENTS: requirements.find, DOCKERFILE: dockerfile.find, JSON: bake.find}


def looked(lock: Lock, tree: dict[str, bytes], *below: str) -> Scan:
    """Return the scan of these files."""
    wanted = wanted_by(lock.groups)
    found = [FINDERS[path.rpartition("/")[2]](Source(path, data), wanted) for path, data in sorted(tree.items())]
    return Scan(
        tuple(pin for each in found for pin in each.pins),
        tuple(place for each in found for place in each.unpinned),
        tuple(floor for each in found for floor in each.floors),
        (),
        below,
    )


def one(*sites: str) -> Lock:
    """Return a lock with only `kit`, and these sites."""
    return Lock((KIT._replace(sites=sites),))


def said(lock: Lock, tree: dict[str, bytes], *below: str) -> list[Finding]:
    """Return the findings for these files."""
    return compare(lock, looked(lock, tree, *below))


def sharing(*sites: tuple[str, ...]) -> Lock:
    """Return a lock with two groups that share a package, each with its sites."""
    return Lock((KIT._replace(name="new", sites=sites[0]), KIT._replace(name="old", version="0.9", sites=sites[1])))
