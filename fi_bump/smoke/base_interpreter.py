"""`--base`: let an environment see the packages of another interpreter, such as its torch or an engine.

They need not be installed again.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from typing import NamedTuple

from fi_bump import user_files
from fi_bump.errors import FiBumpError, reason_of
from fi_bump.grammar import canonical_name
from fi_bump.smoke import process

_SECONDS = 300.0
# Python reads .pth files in the order of their names, and the environment's own must come before the base's.
_LINK = "zzz_fi_bump_base.pth"
# One line per answer: a line of all packages would be longer than `process.LINE_BYTES`.
_QUESTION = """\
import importlib.metadata, importlib.util, os, site, sys
print("python", sys.version.replace("\\n", " "))
if importlib.util.find_spec("pip"):
    print("pip yes")
for folder in [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]:
    if os.path.isdir(folder):
        print("folder", folder)
for each in importlib.metadata.distributions():
    if each.metadata["Name"]:
        print("package", each.metadata["Name"], each.version)
"""


class Base(NamedTuple):
    """An interpreter and its packages: the folders in the order of its path, and each package's version by name.

    `has_pip` is whether pip is among them; if it is, an environment on this base does not need its own pip.
    """

    python: str
    version: str
    folders: tuple[str, ...]
    packages: dict[str, str]
    has_pip: bool

    @property
    def tools(self) -> str:
        """The folder of its commands, which must be on PATH because ninja is called by its name."""
        return os.path.dirname(self.python)

    def venv(self, home: str) -> list[str]:
        """Return the command that makes an empty environment of this interpreter."""
        return [self.python, "-m", "venv", *(["--without-pip"] if self.has_pip else []), home]

    def show_in(self, home: str) -> None:
        """Let the environment at `home` see the base's packages, after its own. Raises FileError."""
        # Not --system-site-packages: if the base is itself a virtual environment, it would show its parent's packages.
        text = "".join(f"import site; site.addsitedir({folder!r})\n" for folder in self.folders)
        for folder in glob.glob(os.path.join(glob.escape(home), "lib", "python*", "site-packages")):
            user_files.put(os.path.join(folder, _LINK), text.encode("utf-8", "surrogateescape"))


def examine(python: str, log: str, environment: Mapping[str, str], seconds: float | None = None) -> Base:
    """Ask an interpreter for its version, folders and packages, within `seconds` or else 300 seconds.

    Raises FiBumpError when it does not answer.
    """
    limit = seconds or _SECONDS
    said: list[list[str]] = []
    command = [python, "-X", "utf8", "-c", _QUESTION]
    try:
        ended = process.run(
            command, log=log, seconds=limit, environment=environment, watch=lambda line: said.append(line.split(" "))
        )
        reason = None if ended.clean else ended.reason(limit)
    except OSError as error:
        reason = reason_of(error)
    versions = [" ".join(rest) for kind, *rest in said if kind == "python"]
    if reason is not None or not versions:
        message = f"this interpreter cannot be used as a base: {reason or 'it does not answer'}"
        raise FiBumpError(message, place=python, hint=f"see its output in {log}")
    packages: dict[str, str] = {}
    for kind, *rest in said:
        if kind == "package" and len(rest) == 2:
            # If a package is installed twice, an import takes the first on the path.
            packages.setdefault(canonical_name(rest[0]), rest[1])
    folders = tuple(" ".join(rest) for kind, *rest in said if kind == "folder")
    return Base(python, versions[0], folders, packages, any(kind == "pip" for kind, *_ in said))
