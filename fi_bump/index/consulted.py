"""Where the user's indexes and their credentials are configured: the files and variables, not what is in them.

The module imports nothing slow: completion asks it whether anything has changed since it last read all of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

# The files of a repository that uv reads; requires-python is in the second one.
OF_REPOSITORY = ("uv.toml", "pyproject.toml")
_PREFIXES = ("PIP_", "UV_", "XDG_")
# The others that decide which files are read, and PATH, on which pip may be.
_NAMES = ("HOME", "NETRC", "PATH")


def is_true(text: str) -> bool:
    """Whether pip and uv read the value of an option as true."""
    return text.strip().lower() in ("1", "true", "yes", "on", "y", "t")


def uv_files(environment: Mapping[str, str]) -> list[str]:
    """Return uv's configuration files beside those of the repository (uv's documentation, Configuration files)."""
    folders = (_config(environment), *environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"), "/etc")
    return [os.path.join(folder, "uv", "uv.toml") for folder in folders]


def pip_files(environment: Mapping[str, str]) -> list[str]:
    """Return pip's configuration files, from low to high priority (pip's documentation, Configuration)."""
    home = os.path.expanduser("~")
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    folders = environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    shared = [*(os.path.join(folder, "pip", "pip.conf") for folder in folders), "/etc/pip.conf"]
    users = [os.path.join(home, ".pip", "pip.conf"), os.path.join(_config(environment), "pip", "pip.conf")]
    # pip leaves out the user's files if the variable names a file that exists.
    own = [] if named and os.path.exists(named) else users
    return [*shared, *own, os.path.join(sys.prefix, "pip.conf"), *([named] if named else [])]


def netrc_file() -> str | None:
    """Return the file that `netrc.netrc` reads."""
    named = os.environ.get("NETRC")
    path = named or os.path.join(os.path.expanduser("~"), ".netrc")
    return path if os.path.isabs(path) or named else None


def _config(environment: Mapping[str, str]) -> str:
    return environment.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")


def consulted(root: str) -> tuple[list[str], list[str]]:
    """Return the files that may configure the indexes of a repository, and the variables, each with its value."""
    named = os.environ.get("UV_CONFIG_FILE")
    files = [*([named] if named else ()), *(os.path.join(root, name) for name in OF_REPOSITORY)]
    netrc = netrc_file()
    files += [*uv_files(os.environ), *pip_files(os.environ), *([netrc] if netrc else ())]
    names = sorted(name for name in os.environ if name.startswith(_PREFIXES) or name in _NAMES)
    return files, [f"{name}={os.environ[name]}" for name in names]
