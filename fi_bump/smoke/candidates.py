"""Which releases of a package there are. Behind one function, so that another index client can take its place."""

from __future__ import annotations

import os
import re

from fi_bump.errors import FiBumpError
from fi_bump.smoke import process
from fi_bump.smoke.ranges import wheel_version, wheels

_SECONDS = 300.0


def releases(package: str, python: str, log: str, wheelhouse: str | None = None) -> list[str]:
    """The versions of a package: the wheels in a folder, or what pip in the target finds in its configured index.

    Raises FiBumpError when pip cannot say so.
    """
    if wheelhouse is not None:
        return [wheel_version(name) for name in wheels(wheelhouse, package)]
    command = [python, "-m", "pip", "index", "versions", "--disable-pip-version-check", package]
    said: list[str] = []
    ended = process.run(command, log=log, seconds=_SECONDS, environment=os.environ, watch=said.append)
    listed = [match[1] for line in said if (match := re.match(r"Available versions: (.*)", line))]
    if not ended.clean or not listed:
        hint = f"its output is in {log}; releases can be named: --sweep {package}==VERSION,…"
        message = f"pip cannot list the releases of {package}: {ended.reason(_SECONDS)}"
        raise FiBumpError(message, hint=hint)
    return [version.strip() for version in listed[0].split(",")]
