"""The folders of an interpreter's packages, told by the interpreter alone: no installed package runs for it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping

from fi_bump.boundary import programs

# -I -S: no `.pth` file, no sitecustomize and no variable takes part, so what is installed cannot answer for itself.
# A distribution may have changed `site`, as Debian has for its dist-packages, so `site` itself says where packages are.
_COMMAND = ("-I", "-S", "-c")
_QUESTION = """\
import os, site, sys
for folder in site.getsitepackages([sys.base_prefix, sys.base_exec_prefix]):
    print(folder)
if os.getuid() == os.geteuid() and not os.environ.get("PYTHONNOUSERSITE"):
    print(site.getusersitepackages())
"""


def site_folders(python: str, environment: Mapping[str, str], seconds: float) -> tuple[str, ...]:
    """Return the folders with packages of an interpreter, besides those of a virtual environment that it belongs to.

    They are those of the system and of the user. Empty for a virtual environment that does not see them, and for a
    program that does not answer.
    """
    if not _sees_the_system(python):
        return ()
    try:
        done = programs.run([python, *_COMMAND, _QUESTION], seconds=seconds, environment=environment)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = os.fsdecode(done.stdout).split("\n") if done.returncode == 0 else []
    return tuple(dict.fromkeys(line for line in lines if os.path.isabs(line) and os.path.isdir(line)))


def _sees_the_system(python: str) -> bool:
    """Whether an interpreter is of no virtual environment, or of one that has the system's packages too."""
    beside = os.path.dirname(python)
    for folder in (beside, os.path.dirname(beside)):
        try:
            with open(os.path.join(folder, "pyvenv.cfg"), encoding="utf-8", errors="replace") as stream:
                return bool(re.search(r"(?im)^\s*include-system-site-packages\s*=\s*true\s*$", stream.read(1 << 16)))
        except OSError:
            continue
    return True
