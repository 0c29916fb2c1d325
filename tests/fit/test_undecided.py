"""Names of which it is not known whether they are gone."""

from __future__ import annotations

from pathlib import Path

from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.engine.repository import engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.undecided import undecided
from fi_bump.fit.wheel.library import Library
from tests.conftest import plant
from tests.fit.folder import Folder

DYNAMIC = "def __getattr__(name):\n    return load(name)\n"


def said(tmp_path: Path, engine: str, old: str, new: str) -> str | None:
    """What is said of a move from kit 1.0 to kit 2.0."""
    plant(tmp_path, {"engine.py": engine.encode()})
    uses = engine_uses(RepositoryFiles(str(tmp_path)).read, ["engine.py"], Subject(frozenset(["kit"]), frozenset()))
    sides = [
        ReleaseSide("kit", version, Library(Folder({"kit.py": text}))) for version, text in (("1.0", old), ("2.0", new))
    ]
    return undecided(uses.uses, sides[0], sides[1])


def test_a_name_that_may_be_made_at_run_time(tmp_path: Path) -> None:
    assert said(tmp_path, "import kit\nkit.run(1)\nkit.run(2)\n", "def run(q): ...\n", DYNAMIC) == (
        "kit 2.0 does not define kit.run (engine.py:2:1) by name, as 1.0 does, but may make it at run time: it is not "
        "known whether it is gone"
    )


def test_many_names(tmp_path: Path) -> None:
    old = "".join(f"def f{number}(): ...\n" for number in range(7))
    code = "import kit\n" + "".join(f"kit.f{number}()\n" for number in range(7))
    found = said(tmp_path, code, old, DYNAMIC)
    assert found is not None
    assert found.startswith("kit 2.0 does not define kit.f0 (engine.py:2:1), kit.f1 (engine.py:3:1), ")
    assert found.endswith(
        ", and 2 more by name, as 1.0 does, but may make them at run time: it is not known whether they are gone"
    )


def test_what_is_known_or_was_not_known_before_is_not_named(tmp_path: Path) -> None:
    code = "import kit\nkit.run(1)\nkit.Plan().size.bit_length()\n"
    plain = "def run(q): ...\nclass Plan:\n    size: int\n"
    assert said(tmp_path, code, plain, plain) is None
    assert said(tmp_path, code, plain, "class Plan:\n    size: int\n") is None
    assert said(tmp_path, code, DYNAMIC, DYNAMIC) is None
    gated = "import kit\nif kit.__version__ < '2':\n    kit.run(1)\n"
    assert said(tmp_path, gated, "def run(q): ...\n", DYNAMIC) is None
