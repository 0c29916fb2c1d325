"""The user's cache folder, asked in one place."""

from __future__ import annotations

import os


def user_cache() -> str | None:
    """fi-bump's folder in the user's cache (XDG base directories: a relative XDG_CACHE_HOME counts for nothing).

    None where there is no home folder: nothing must be kept below the folder that a command happens to run in.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "fi-bump") if os.path.isabs(base) else None
