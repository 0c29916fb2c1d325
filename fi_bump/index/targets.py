"""The platforms and Pythons that a repository is installed on, and which release files fit them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from fi_bump.index.model import File

# The minor versions that are worth asking about; a repository's requires-python picks from them.
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
_INTERPRETER = re.compile(r"(?:cp|py)(?P<major>3)(?P<minor>[0-9]*)\Z")


class Targets(NamedTuple):
    """What releases must fit: Pythons as `3.12`, machines as `x86_64`, all on Linux."""

    pythons: tuple[str, ...] = ("3.12",)
    machines: tuple[str, ...] = ("x86_64",)

    @property
    def environments(self) -> list[dict[str, str]]:
        """The marker environments (PEP 508) of every combination."""
        return [
            {
                "implementation_name": "cpython",
                "implementation_version": f"{python}.0",
                "os_name": "posix",
                "platform_machine": machine,
                "platform_python_implementation": "CPython",
                "platform_release": "",
                "platform_system": "Linux",
                "platform_version": "",
                "python_full_version": f"{python}.0",
                "python_version": python,
                "sys_platform": "linux",
                "extra": "",
            }
            for python in self.pythons
            for machine in self.machines
        ]


def targets_of(requires_python: str | None) -> Targets:
    """The targets of a repository whose pyproject says `requires-python`: the Pythons that it admits, on x86_64."""
    try:
        specifier = SpecifierSet(requires_python or "==3.12.*")
    except InvalidSpecifier:
        specifier = SpecifierSet("==3.12.*")
    # A lower bound may name a patch release; some patch of the minor version fits it all the same.
    admitted = tuple(python for python in PYTHONS if any(specifier.contains(f"{python}.{patch}") for patch in (0, 99)))
    return Targets(admitted or ("3.12",))


def unfit(files: Iterable[File], targets: Targets) -> str | None:
    """Why a release does not serve the targets, or None when it does: a file for each Python and machine."""
    files = tuple(files)
    for python in targets.pythons:
        for machine in targets.machines:
            if not any(_tags_fit(file, python, machine) for file in files):
                return f"has no file for Python {python} on Linux {machine}"
            refused = [file for file in files if not _python_fits(file.requires_python, python)]
            if len(refused) == len(files):
                return f"needs Python {refused[0].requires_python}, not {python}"
    return None


@lru_cache(maxsize=4096)
def _python_fits(requires_python: str | None, python: str) -> bool:
    if not requires_python:
        return True
    try:
        specifier = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return True
    return any(specifier.contains(Version(f"{python}.{patch}")) for patch in (0, 99))


def _tags_fit(file: File, python: str, machine: str) -> bool:
    """Whether a file can be installed there by its name; a source distribution always can."""
    if not file.is_wheel:
        return True
    minor = int(python.partition(".")[2])
    try:
        tags = parse_wheel_filename(file.name)[3]
    except InvalidWheelFilename:
        return False
    for tag in tags:
        linux = tag.platform.startswith(("manylinux", "linux")) and tag.platform.endswith(f"_{machine}")
        interpreter = _INTERPRETER.match(tag.interpreter)
        if not (linux or tag.platform == "any") or interpreter is None:
            continue
        built_for = int(interpreter["minor"] or 0)
        # Pure code and the stable ABI go on working in later Pythons; any other build serves its own one only.
        lasting = tag.abi == "abi3" or tag.interpreter.startswith("py")
        if built_for == minor or (lasting and built_for <= minor):
            return True
    return False
