"""One finder per format: a pure function from a file's bytes to the pins in it. `finder` is the registry."""

from __future__ import annotations

from collections.abc import Callable

from fi_bump.errors import InternalError
from fi_bump.pins import Found, Source, Wanted

Finder = Callable[[Source, Wanted], Found]


def finder(form: str) -> Finder:
    """Return the finder of the format `form`. Raises InternalError for an unknown format.

    A finder is imported when it is first needed, so that `check` pays only for the formats that the tree contains.
    """
    match form:
        case "requirements":
            from fi_bump.formats import requirements

            return requirements.find
        case "dockerfile":
            from fi_bump.formats import dockerfile

            return dockerfile.find
        case "yaml":
            from fi_bump.formats import yaml

            return yaml.find
        case "bake":
            from fi_bump.formats import bake

            return bake.find
        case "pyproject":
            from fi_bump.formats import pyproject

            return pyproject.find
        case "lockfile":
            from fi_bump.formats import lockfile

            return lockfile.find
        case "python":
            from fi_bump.formats import python

            return python.find
        case "shell":
            from fi_bump.formats import shell

            return shell.find
        case "makefile":
            from fi_bump.formats import makefile

            return makefile.find
        case "cmake":
            from fi_bump.formats import cmake

            return cmake.find
        case "hcl":
            from fi_bump.formats import hcl

            return hcl.find
        case "nix":
            from fi_bump.formats import nix

            return nix.find
    raise InternalError(f"there is no finder for the format '{form}'")
