"""Where the user is, relative to the folder with the lock: paths are typed and printed relative to it.

One process serves one command line, so this is one value, like the process's own folder. Documents for programs (JSON,
SARIF) have paths relative to the lock's folder, wherever the user is.
"""

from __future__ import annotations

import os

_prefix = ""
# The folder of the user, which `-C` names.
_folder = "."


def set_prefix(prefix: str) -> None:
    """Set the path of the user's folder relative to the lock's folder, with `/`; empty if they are the same."""
    global _prefix
    _prefix = prefix


def set_folder(folder: str) -> None:
    """Set the folder of the user, from which paths are shown."""
    global _folder
    _folder = folder


def absolute(path: str) -> str:
    """Return the absolute path of a file that is shown as `path`."""
    return os.path.abspath(os.path.join(_folder, path))


def shown(path: str) -> str:
    """Return a path relative to the lock's folder as the user would type it."""
    return os.path.relpath(path, _prefix).replace(os.sep, "/") if _prefix else path


def shown_site(site: str) -> str:
    """Return a site with its path as the user would type it."""
    if not _prefix:
        return site
    path, separator, anchor = site.partition("#")
    return shown(path) + separator + anchor


def typed(path: str) -> str:
    """Return a path that the user typed, relative to the lock's folder; an absolute one stays absolute."""
    return os.path.join(_prefix, path) if _prefix else path


def typed_site(site: str) -> str:
    """Return a site that the user typed as the lock records it."""
    if not _prefix:
        return site
    path, separator, anchor = site.partition("#")
    return os.path.normpath(typed(path)).replace(os.sep, "/") + separator + anchor
