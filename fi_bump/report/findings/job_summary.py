"""Write GitHub's job summary: append Markdown to the file that $GITHUB_STEP_SUMMARY names."""

from __future__ import annotations

import os
from collections.abc import Callable

from fi_bump.errors import explained
from fi_bump.untrusted import encodable

VARIABLE = "GITHUB_STEP_SUMMARY"
# GitHub accepts at most 1 MiB per step and drops a longer summary completely:
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
LIMIT = 1024 * 1024
_CUT = b"\n\nThe rest is omitted: GitHub accepts at most 1 MiB.\n"

# Non-blocking: the open of a pipe waits for its reader.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK


def leave(markdown: Callable[[], str]) -> None:
    """Append the Markdown if the variable is set; a text that is too long is cut at a line end. Raises FileError."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    data = encodable(markdown()).rstrip("\n").encode("utf-8") + b"\n"
    with (
        explained(path, "the job summary cannot be written", f"set {VARIABLE} to a writable file"),
        open(
            os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666), "ab"
        ) as stream,
    ):
        stream.write(_cut(data, LIMIT - stream.tell()))


def _cut(data: bytes, room: int) -> bytes:
    if len(data) <= room:
        return data
    kept = data[: max(room - len(_CUT), 0)].rpartition(b"\n")[0]
    return kept + _CUT if kept else b""
