"""The versions of a group that the cached answers of package indexes show, kept for the next press of TAB.

Reading the answers takes five times as long as a shell should wait, most of it for imports. So what was read is kept
with a digest of all that it came from: the group, the configuration of indexes, and the times of the cached answers.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import sha256
from json import dumps, loads

from fi_bump import __version__
from fi_bump.boundary.reading import read_own
from fi_bump.errors import FiBumpError
from fi_bump.index.consulted import consulted
from fi_bump.records import TYPE_CHECKING
from fi_bump.user_cache import user_cache

if TYPE_CHECKING:
    from fi_bump.lock.records import Group

_NEWEST = 20
_LARGEST = 1 << 20


def newest_versions(root: str, group: Group) -> list[str]:
    """Return the newest versions that the cached index answers show for every member, then the locked version."""
    path = _kept_at(root, group)
    known = _kept(path, root, group)
    if known is None:
        known, answers = _read(root, group)
        if path is not None:
            _keep(path, {"versions": known, "answers": answers, "digest": _digest(root, group, answers)})
    return [*[version for version in known if version != group.version], group.version][: _NEWEST + 1]


def _kept_at(root: str, group: Group) -> str | None:
    base = user_cache()
    name = sha256(f"{os.path.realpath(root)}\0{group.name}".encode("utf-8", "surrogateescape")).hexdigest()
    return None if base is None or os.environ.get("FI_BUMP_NO_CACHE") else os.path.join(base, "completions", name)


def _kept(path: str | None, root: str, group: Group) -> list[str] | None:
    """Return the kept versions, or None if there are none, or if anything has changed since they were read."""
    try:
        kept = loads(read_own(path, _LARGEST)) if path is not None else {}
        found, answers = kept["versions"], kept["answers"]
        same = kept["digest"] == _digest(root, group, answers)
        return found if same and all(type(each) is str for each in found) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(root: str, group: Group, answers: list[str]) -> str:
    """Return a text that changes with the configuration of the indexes, the group, fi-bump, and the cached answers."""
    files, variables = consulted(root)
    parts = [__version__, sys.version, sys.prefix, os.path.realpath(root), repr(group), *variables]
    for path in (*files, *answers):
        try:
            now = os.stat(path)
            parts.append(f"{path} {now.st_dev} {now.st_ino} {now.st_size} {now.st_mtime_ns} {now.st_ctime_ns}")
        except (OSError, ValueError):
            parts.append(path)
    # The variables may have passwords, so that nothing but a digest of them is kept.
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _keep(path: str, kept: dict[str, object]) -> None:
    from fi_bump import user_files
    from fi_bump.scanning.cache import forget_old

    folder = os.path.dirname(path)
    with suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        user_files.replace(path, dumps(kept).encode(), private=True, sync=False)
        forget_old(folder)


def _read(root: str, group: Group) -> tuple[list[str], list[str]]:
    """Return the versions, and the path of every cached answer that was looked for."""
    from fi_bump.index import configuration
    from fi_bump.index.cache import Cache, default_folder
    from fi_bump.index.cached import CachedAnswers
    from fi_bump.index.client import Client
    from fi_bump.lock.records import Lock
    from fi_bump.releases.known import Known, Terms, targets

    cached = CachedAnswers(Cache(default_folder()))
    try:
        user = configuration.find((), root)
        known = Known(Client(cached), user, Lock((group,)), targets(root), Terms())
        usable = [set(known.usable(member.name)) for member in group.packages]
        common = set.intersection(*[each for each in usable if each]) if any(usable) else set()
        newest = sorted((version for version in common if not version.is_prerelease), reverse=True)
    except (FiBumpError, OSError, ValueError):
        newest = []
    return [str(version) for version in newest[:_NEWEST]], cached.looked_for
