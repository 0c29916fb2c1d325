"""`--base`: an interpreter whose packages an environment sees: its torch, or an engine, need not be installed again."""

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
# Read last of a folder's: what the environment's own .pth files name comes before the base's.
_LINK = "zzz_fi_bump_base.pth"
# A line for each thing asked, so that none is too long to be read whole.
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
    """An interpreter and what it holds: its folders of packages, in its order, and each package's version by name.

    `has_pip` says whether pip is among them: then an environment on it needs none of its own.
    """

    python: str
    version: str
    folders: tuple[str, ...]
    packages: dict[str, str]
    has_pip: bool

    @property
    def tools(self) -> str:
        """The folder of its commands: ninja is called by its name."""
        return os.path.dirname(self.python)

    def venv(self, home: str) -> list[str]:
        """The command that makes an empty environment of it."""
        return [self.python, "-m", "venv", *(["--without-pip"] if self.has_pip else []), home]

    def show_in(self, home: str) -> None:
        """Let the environment at `home` see the packages, after its own. Raises FileError."""
        # Not --system-site-packages: to an interpreter that is in an environment itself, that is another one's.
        text = "".join(f"import site; site.addsitedir({folder!r})\n" for folder in self.folders)
        for folder in glob.glob(os.path.join(glob.escape(home), "lib", "python*", "site-packages")):
            user_files.put(os.path.join(folder, _LINK), text.encode("utf-8", "surrogateescape"))


def examine(python: str, log: str, environment: Mapping[str, str]) -> Base:
    """Ask an interpreter what it holds. Raises FiBumpError when it does not say so."""
    said: list[list[str]] = []
    command = [python, "-X", "utf8", "-c", _QUESTION]
    try:
        ended = process.run(
            command, log=log, seconds=_SECONDS, environment=environment, watch=lambda line: said.append(line.split(" "))
        )
        reason = None if ended.clean else ended.reason(_SECONDS)
    except OSError as error:
        reason = reason_of(error)
    versions = [" ".join(rest) for kind, *rest in said if kind == "python"]
    if reason is not None or not versions:
        hint = f"its output is in {log}"
        raise FiBumpError(f"nothing can be based on it: {reason or 'it does not answer'}", place=python, hint=hint)
    packages: dict[str, str] = {}
    for kind, *rest in said:
        if kind == "package" and len(rest) == 2:
            # The first on the path counts, as for an import.
            packages.setdefault(canonical_name(rest[0]), rest[1])
    folders = tuple(" ".join(rest) for kind, *rest in said if kind == "folder")
    return Base(python, versions[0], folders, packages, any(kind == "pip" for kind, *_ in said))
