"""The platforms and Python versions that a repository supports, and which release files fit them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from fi_bump.index.model import File

# The Python versions to consider; a repository's requires-python selects from them.
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
_INTERPRETER = re.compile(r"(?:cp|py)(?P<major>3)(?P<minor>[0-9]*)\Z")


class Targets(NamedTuple):
    """What releases must fit: Python versions such as `3.12`, machines such as `x86_64`, all on Linux."""

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
    """Return the targets for a `requires-python` setting: the Python versions that it admits, on x86_64."""
    try:
        specifier = SpecifierSet(requires_python or "==3.12.*")
    except InvalidSpecifier:
        specifier = SpecifierSet("==3.12.*")
    # A lower bound may be a patch release; it is enough that some patch of the minor version fits.
    admitted = tuple(python for python in PYTHONS if any(specifier.contains(f"{python}.{patch}") for patch in (0, 99)))
    return Targets(admitted or ("3.12",))


def unfit(files: Iterable[File], targets: Targets) -> str | None:
    """Return why a release does not fit the targets, or None if it has a file for each Python version and machine."""
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
        return any(specifier.contains(Version(f"{python}.{patch}")) for patch in (0, 99))
    except ValueError:  # InvalidSpecifier is one; so is the error for a number that is too long for Python.
        return True


@lru_cache(maxsize=4096)
def _tags(wheel: str) -> frozenset[Tag]:
    """Return the tags of a wheel's name, read once for all versions of Python; none of a name that is no wheel's."""
    try:
        return parse_wheel_filename(wheel)[3]
    except InvalidWheelFilename:
        return frozenset()


def _tags_fit(file: File, python: str, machine: str) -> bool:
    """Whether a file's name says that it can be installed there; a source distribution always can."""
    if not file.is_wheel:
        return True
    minor = int(python.partition(".")[2])
    for tag in _tags(file.name):
        linux = tag.platform.startswith(("manylinux", "linux")) and tag.platform.endswith(f"_{machine}")
        interpreter = _INTERPRETER.match(tag.interpreter)
        if not (linux or tag.platform == "any") or interpreter is None:
            continue
        built_for = int(interpreter["minor"] or 0)
        # Pure Python and the stable ABI also work in later Python versions; any other build works only in its own
        # version.
        lasting = tag.abi == "abi3" or tag.interpreter.startswith("py")
        if built_for == minor or (lasting and built_for <= minor):
            return True
    return False
