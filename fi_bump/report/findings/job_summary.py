"""GitHub's job summary: Markdown that is appended to the file which $GITHUB_STEP_SUMMARY names."""

from __future__ import annotations

import os
from collections.abc import Callable

from fi_bump.errors import explained

VARIABLE = "GITHUB_STEP_SUMMARY"
# GitHub takes 1 MiB from a step and drops what is longer as a whole:
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
LIMIT = 1024 * 1024
_CUT = b"\n\nThe rest is left out: GitHub takes no more than 1 MiB.\n"


def leave(markdown: Callable[[], str]) -> None:
    """Append the Markdown where the variable is set, cut at a line end where it is too long. Raises FileError."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    data = markdown().rstrip("\n").encode("utf-8", "backslashreplace") + b"\n"
    with explained(path, "the job summary cannot be left here", f"see {VARIABLE}"), open(path, "ab") as stream:
        stream.write(_cut(data, LIMIT - stream.tell()))


def _cut(data: bytes, room: int) -> bytes:
    if len(data) <= room:
        return data
    kept = data[: max(room - len(_CUT), 0)].rpartition(b"\n")[0]
    return kept + _CUT if kept else b""
