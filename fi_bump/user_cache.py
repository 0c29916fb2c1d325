"""The user's cache folder."""

from __future__ import annotations

import os


def user_cache() -> str | None:
    """Return fi-bump's folder in the user's cache, or None (XDG base directories).

    A relative XDG_CACHE_HOME is ignored, as the specification says. The result is None if there is no home folder:
    nothing must be stored below the current folder.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "fi-bump") if os.path.isabs(base) else None
