"""Join the reports of the parts of a bisection, each of which tried every N-th release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fi_bump.bisection.model import Bisection
from fi_bump.bisection.state_file import read_state
from fi_bump.errors import FiBumpError
from fi_bump.smoke.baseline import json_document
from fi_bump.smoke.merge import parts_of
from fi_bump.smoke.shard import Part, hole, missing

_HINT = "merge the reports of fi-bump bisect --shard K/N, one for each part"


def merged_parts(paths: Sequence[str]) -> tuple[Bisection, tuple[str, ...]]:
    """Return the whole bisection, and in words the parts that left no report.

    Raises FiBumpError for a file that is not the report of a part, and for parts of several bisections.
    """
    found: list[tuple[str, Bisection, Part | None]] = []
    for path in paths:
        state = read_state(path, _HINT)
        plan = tuple(each.version for each in state.candidates)
        found.append((path, state, _part(json_document(path, _HINT)["shard"], plan)))
    parts = parts_of([(path, part) for path, _, part in found])
    first_path, first, _ = found[0]
    for path, state, _ in found:
        if state.question != first.question:
            message = f"this part is of another bisection than {first_path}"
            raise FiBumpError(message, place=path, hint="merge the parts of one bisection only")
    tried = tuple(each for _, state, _ in found for each in state.tried)
    skipped = tuple(dict.fromkeys(version for _, state, _ in found for version in state.skipped))
    holes = tuple(hole(shard, plan) for shard, plan in missing(parts))
    return first._replace(tried=tried, skipped=skipped), holes


def _part(document: dict[str, Any] | None, plan: tuple[str, ...]) -> Part | None:
    return None if document is None else Part(int(document["number"]), int(document["of"]), plan)
