"""Closed kernels that a release downloads."""

from __future__ import annotations

from fi_bump.fit.artifacts import changed_artifacts
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import Library
from tests.fit.folder import Folder

LISTED = "kit.artifacts.Paths"


def side(version: str, body: str) -> ReleaseSide:
    """A release with such a class."""
    files = {"kit/__init__.py": "", "kit/artifacts.py": f"class Paths:\n{body}"}
    return ReleaseSide("kit", version, Library(Folder(files)))


OLD = side("1.0", '    A: str = "1/a"\n    B: str = (\n        "1/b"\n    )\n    ARCHS = ("x",)\n    D = "d"\n')


def test_those_that_changed_or_are_new() -> None:
    new = side("2.0", '    A: str = "2/a"\n    B: str = "1/b"\n    C: str = "1/c"\n    ARCHS = ("y",)\n')
    assert changed_artifacts(OLD, new, LISTED) == (
        "kit 2.0 downloads other compiled kernels: A, C; only a run on their GPUs tests them"
    )


def test_nothing_changed_or_nothing_is_known() -> None:
    assert changed_artifacts(OLD, OLD, LISTED) is None
    assert changed_artifacts(OLD, side("2.0", "    pass\n"), LISTED) is None
    assert changed_artifacts(OLD, OLD, "kit.artifacts.Other") is None
