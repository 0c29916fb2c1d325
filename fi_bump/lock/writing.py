"""Writes the lock in its one canonical form."""

from __future__ import annotations

import json
import re

from fi_bump.errors import LockError
from fi_bump.lock.records import LOCK_VERSION, Group, Lock
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def dump(lock: Lock) -> bytes:
    """Return the canonical bytes: sorted, two-space indent, empty lists left out, a final newline."""
    document: dict[str, Any] = {"$schema": lock.schema} if lock.schema else {}
    document["lock-version"] = LOCK_VERSION
    document["groups"] = {group.name: _group_document(group) for group in sorted(lock.groups)}
    if lock.exclude:
        document["exclude"] = sorted(set(lock.exclude))
    try:
        return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError as error:
        path = error.object[: error.start].rpartition('"')[2] + re.split('[#"]', error.object[error.start :])[0]
        hint = "rename it, or exclude it: init --exclude, or exclude in versions.lock.json"
        raise LockError("is not UTF-8, so it cannot be recorded", place=path, hint=hint) from None


def _group_document(group: Group) -> dict[str, Any]:
    packages = {}
    for member in sorted(group.packages):
        fields = {"index": member.index_document, "label": member.label, "files": dict(sorted(member.files))}
        packages[member.name] = {key: value for key, value in fields.items() if value}
    document: dict[str, Any] = {"version": group.version}
    if group.minimum_age is not None:
        document["minimum-age"] = f"{group.minimum_age} day{'' if group.minimum_age == 1 else 's'}"
    document["packages"] = packages
    if group.hold is not None:
        document["hold"] = group.hold
    for key, names in (("variables", group.variables), ("repositories", group.repositories), ("sites", group.sites)):
        if names:
            document[key] = sorted(set(names))
        if key == "repositories" and group.tags:
            # The first rule that fits counts, so their order stays.
            document["tags"] = list(group.tags)
    return document
