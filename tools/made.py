"""Files that a tool makes: write those that changed, or with --check name those that are stale."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def write_or_check(files: Iterable[tuple[Path, str]], stale: str) -> int:
    """Write the files, or with --check print each path that would change with what is wrong with it.

    Return the exit code: 1 if a checked file is stale.
    """
    code = 0
    for path, text in files:
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv:
            print(f"{path.relative_to(TOP)} {stale}")
            code = 1
        else:
            path.write_text(text)
    return code
