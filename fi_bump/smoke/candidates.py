"""List the releases of a package. It is one function, so that another index client can replace it."""

from __future__ import annotations

import os
import re

from fi_bump.errors import FiBumpError
from fi_bump.smoke import process
from fi_bump.smoke.ranges import wheel_version, wheels

_SECONDS = 300.0


def releases(package: str, python: str, log: str, wheelhouse: str | None = None) -> list[str]:
    """Return the versions of a package: those of the wheels in a folder, or those that the target's pip finds.

    Raises FiBumpError when pip cannot list them.
    """
    if wheelhouse is not None:
        return [wheel_version(name) for name in wheels(wheelhouse, package)]
    command = [python, "-m", "pip", "index", "versions", "--disable-pip-version-check", package]
    said: list[str] = []
    ended = process.run(command, log=log, seconds=_SECONDS, environment=os.environ, watch=said.append)
    listed = [match[1] for line in said if (match := re.match(r"Available versions: (.*)", line))]
    if not ended.clean or not listed:
        hint = f"see its output in {log}, or name the releases: --sweep {package}==VERSION,…"
        message = f"pip cannot list the releases of {package}: {ended.reason(_SECONDS)}"
        raise FiBumpError(message, hint=hint)
    return [version.strip() for version in listed[0].split(",")]
