"""Merge two locks with their common ancestor. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fi_bump.lock.reading import load
from fi_bump.lock.records import Lock
from fi_bump.lock.writing import dump
from fi_bump.versions import newest_first

_ABSENT: Any = object()
# These lists are sets. The order of another list, as that of a member's indexes, has a meaning: it is one value.
_SETS = frozenset(["sites", "variables", "repositories", "exclude"])


class Choice(NamedTuple):
    """How to decide where both sides changed the same value: `ours`, `theirs`, `newest`, or None to refuse.

    `versions` are the versions that the user named for groups; they count whatever the sides have.
    """

    side: str | None = None
    versions: Mapping[str, str] = {}


class Differing(NamedTuple):
    """A value of the lock that both sides changed, differently: where it is, and what each side has."""

    where: str
    ours: str
    theirs: str


class MergedLock(NamedTuple):
    """The merged lock; `open` is what nobody has decided, where `lock` has our value.

    `versions` are, for each group that moved on a side, our version and theirs; None where a side has no such group.
    """

    lock: Lock
    open: tuple[Differing, ...]
    versions: Mapping[str, tuple[str | None, str | None]]


def merge_locks(base: Lock | None, ours: Lock, theirs: Lock, choice: Choice) -> MergedLock:
    """Return the merge of two locks. Raises LockError if the result is no valid lock."""
    documents = [_document(lock) for lock in (base, ours, theirs)]
    merging = _Merging(choice)
    groups = [document.pop("groups", {}) for document in documents]
    top = merging.values("", *documents, prefer=choice.side)
    merged = {}
    for name in sorted({*groups[1], *groups[2]}):
        sides = [each.get(name, _ABSENT) for each in groups]
        group = merging.group(name, *sides)
        if group is not _ABSENT:
            merged[name] = group
    lock = load(json.dumps({**top, "groups": merged}).encode())
    moved = {}
    for name in sorted({*groups[1], *groups[2]}):
        old, our, their = (each.get(name, {}).get("version") for each in groups)
        if not old == our == their:
            moved[name] = (our, their)
    return MergedLock(lock, tuple(merging.open), moved)


def _document(lock: Lock | None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(dump(lock)) if lock is not None else {}
    return document


class _Merging:
    """One merge; `open` collects what is not decided."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self.open: list[Differing] = []

    def group(self, name: str, base: Any, ours: Any, theirs: Any) -> Any:
        """Return a merged group. Its version is decided first; what belongs to a release comes with the version."""
        where = f"groups.{name}"
        if _ABSENT in (ours, theirs):
            kept = self.values(where, base, ours, theirs, prefer=self._choice.side)
            return self._at(kept, name) if kept is not _ABSENT else kept
        old = {} if base is _ABSENT else base
        version = self._version(name, old.get("version"), ours["version"], theirs["version"])
        # Files, and all else that both sides changed, follow the side that has the version.
        owner = "ours" if ours["version"] == version else "theirs" if theirs["version"] == version else None
        prefer = self._choice.side if self._choice.side in ("ours", "theirs") else owner
        prefer = prefer or ("ours" if self._choice.versions or self._choice.side else None)
        bare = [_without_release(each) for each in (old, ours, theirs)]
        merged = self.values(where, *bare, prefer=prefer)
        merged["version"] = version
        source = {"ours": ours, "theirs": theirs, None: {}}[owner]
        for member, fields in source.get("packages", {}).items():
            if "files" in fields and member in merged["packages"]:
                merged["packages"][member]["files"] = fields["files"]
        return merged

    def _at(self, group: Any, name: str) -> Any:
        """Return a group that only one side has, at the version that the user named for it, if he named one."""
        version = self._choice.versions.get(name)
        return group if version in (None, group["version"]) else {**_without_release(group), "version": version}

    def _version(self, name: str, base: str | None, ours: str, theirs: str) -> str:
        named = self._choice.versions.get(name)
        if named is not None:
            return named
        if ours == theirs or theirs == base:
            return ours
        if ours == base:
            return theirs
        match self._choice.side:
            case "theirs":
                return theirs
            case "newest":
                return newest_first([ours, theirs])[0]
            case None:
                self.open.append(Differing(name, ours, theirs))
        return ours

    def values(self, where: str, base: Any, ours: Any, theirs: Any, *, prefer: str | None) -> Any:
        """Return the merge of two values of a document; `prefer` is the side that decides, or None."""
        if ours == theirs or theirs == base:
            return ours
        if ours == base:
            return theirs
        if isinstance(ours, dict) and isinstance(theirs, dict):
            old = base if isinstance(base, dict) else {}
            merged = {}
            for key in dict.fromkeys([*ours, *theirs]):
                sides = [each.get(key, _ABSENT) for each in (old, ours, theirs)]
                value = self.values(f"{where}.{key}".lstrip("."), *sides, prefer=prefer)
                if value is not _ABSENT:
                    merged[key] = value
            return merged
        if where.rpartition(".")[2] in _SETS:
            before, our, their = (set() if each is _ABSENT else set(each) for each in (base, ours, theirs))
            return sorted((our & their) | ((our | their) - before))
        if prefer not in ("ours", "theirs"):
            self.open.append(Differing(where, _shown(ours), _shown(theirs)))
        return theirs if prefer == "theirs" else ours


def _without_release(group: dict[str, Any]) -> dict[str, Any]:
    """Return a group's document without its version and without the files of its release."""
    packages = {
        name: {key: value for key, value in fields.items() if key != "files"}
        for name, fields in group.get("packages", {}).items()
    }
    return {**{key: value for key, value in group.items() if key != "version"}, "packages": packages}


def _shown(value: Any) -> str:
    return "not there" if value is _ABSENT else json.dumps(value, ensure_ascii=False)
