"""Calls of compiled functions through private attributes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.fit.compiled import miscounted
from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.engine.repository import engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.packages import NativeApi
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import Library
from tests.conftest import plant
from tests.fit.folder import Folder

NATIVE = NativeApi(("kit/csrc/",), frozenset(["_cached_module"]), "binding", ("KIT_EXPORT",), ("KIT_CHECK",))
WRAPPER = "class Wrapper:\n    def __init__(self):\n        self._cached_module = None\n"


def binding(*parameters: int) -> dict[str, str]:
    """A release whose functions named `plan` take so many parameters."""
    files = {"kit/__init__.py": WRAPPER}
    for number in parameters:
        declared = ", ".join(f"int64_t a{each}" for each in range(number))
        text = f"Array<int64_t> Plan{number}({declared});\nKIT_EXPORT(plan, Plan{number});\n"
        files[f"kit/csrc/p{number}_binding.cu"] = text
    return files


def found(tmp_path: Path, engine: str, old: dict[str, str], new: dict[str, str]) -> list[str]:
    """The messages."""
    plant(tmp_path, {"engine.py": engine.encode()})
    uses = engine_uses(
        RepositoryFiles(str(tmp_path)).read,
        ["engine.py"],
        Subject(frozenset(["kit"]), frozenset(["kit"]), NATIVE.attributes),
    )
    pinned, proposed = (
        ReleaseSide("kit", version, Library(Folder(files))) for version, files in (("1.0", old), ("2.0", new))
    )
    return [f"{each.use.place}: {each.message}" for each in miscounted(uses.private, pinned, proposed, NATIVE)]


ENGINE = "import kit\ndef fast_plan(self, args):\n    return self._cached_module.plan(1, 2, 3)\n"
PLACE = "engine.py:3:12: _cached_module.plan() takes"


@pytest.mark.parametrize(
    ("engine", "old", "new", "messages"),
    [
        (ENGINE, binding(3), binding(4), [f"{PLACE} 4 arguments in kit 2.0, not 3"]),
        (ENGINE, binding(2, 3), binding(2, 4), [f"{PLACE} 2 or 4 arguments in kit 2.0, not 3"]),
        (ENGINE, binding(2, 3), binding(3, 4), []),
        # It was wrong before, or the function is gone: not told apart from one that was not found.
        (ENGINE, binding(2), binding(4), []),
        (ENGINE, binding(3), {"kit/__init__.py": WRAPPER}, []),
        (ENGINE.replace("1, 2, 3", "*args"), binding(3), binding(4), []),
        (ENGINE.replace("1, 2, 3", "*[1, 2], 3"), binding(3), binding(4), [f"{PLACE} 4 arguments in kit 2.0, not 3"]),
        # An attribute that is no compiled module of the package.
        (ENGINE.replace("_cached_module", "_model"), binding(3), binding(4), []),
    ],
)
def test_numbers_of_arguments(
    tmp_path: Path, engine: str, old: dict[str, str], new: dict[str, str], messages: list[str]
) -> None:
    assert found(tmp_path, engine, old, new) == messages
