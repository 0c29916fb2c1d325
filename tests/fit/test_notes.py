"""What is said about calls that still fit: new checks, deprecations, names that moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.engine.repository import engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.uses import Reference
from fi_bump.fit.judge import Raised
from fi_bump.fit.notes import Notes
from fi_bump.fit.packages import NativeApi
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import Library
from tests.conftest import plant
from tests.fit.folder import Folder

NATIVE = NativeApi(("kit/csrc/",), frozenset(["_cached_module"]), "binding", ("KIT_EXPORT",), ("KIT_CHECK",))


def notes(tmp_path: Path, engine: str, old: dict[str, str], new: dict[str, str] | None) -> list[Raised]:
    """The notes about an engine's module."""
    plant(tmp_path, {"engine.py": engine.encode()})
    subject = Subject(frozenset(["kit"]), frozenset(["kit"]))
    uses = engine_uses(RepositoryFiles(str(tmp_path)).read, ["engine.py"], subject).uses
    sides = [
        ReleaseSide("kit", version, Library(Folder(files))) for version, files in (("1.0", old), ("2.0", new or {}))
    ]
    return list(Notes(sides[0], sides[1] if new else None, NATIVE).of(uses))


def said(found: list[Raised]) -> list[tuple[Rule, str, tuple[str, ...]]]:
    """Rule, message and reasons."""
    return [(each.rule, each.message, each.reasons) for each in found]


RUN = "def run(q, scale=None, mode='a'):\n    work(q)\n    return q\ndef work(x): ...\n"
CALL = "import kit\nkit.run(1, scale=2)\n"


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        pytest.param(
            RUN.replace(
                "    work(q)\n",
                "    if scale.ndim != 1:\n        raise ValueError(f'scale must be flat, got {scale}')\n",
            ),
            ("new: scale must be flat, got …",),
            id="a new raise about what is passed",
        ),
        pytest.param(
            RUN.replace("    work(q)\n", "    assert q.ok\n"),
            ("new: assert where q.ok",),
            id="a new assert without words",
        ),
        pytest.param(
            RUN.replace(
                "def work(x): ...", "def work(x):\n    if x is None:\n        raise ValueError('x is needed')\n"
            ),
            (),
            id="a helper checks its own name for it",
        ),
        pytest.param(
            RUN.replace("    work(q)\n", "    if mode not in 'ab':\n        raise ValueError('mode')\n"),
            (),
            id="about what is not passed",
        ),
        pytest.param(RUN.replace("    work(q)\n", "    if q:\n        return 1\n"), (), id="no check"),
    ],
)
def test_new_checks(tmp_path: Path, changed: str, reasons: tuple[str, ...]) -> None:
    found = notes(tmp_path, CALL, {"kit/__init__.py": RUN}, {"kit/__init__.py": changed})
    assert said(found) == ([(Rule.API_PRECONDITION, "run() checks more in kit 2.0", reasons)] if reasons else [])


BUILT = """\
import functools
def gen_module():
    return build("csrc/quantize.cu")
@functools.cache
def get_module():
    module = gen_module().load()
    def quantize(x, scale):
        module.quantize_now(x, scale)
    return SimpleNamespace(quantize=quantize)
def run(x, global_scale=None):
    return get_module().quantize(x, global_scale)
"""
COMPILED = """\
void quantize(Tensor self, Tensor globalScale) {
  KIT_CHECK(self.ok());
  %s
}
KIT_EXPORT(quantize_now, quantize);
"""


def test_a_new_check_of_a_compiled_function(tmp_path: Path) -> None:
    new = COMPILED % 'KIT_CHECK(globalScale.numel() == 1) << "globalScale should have shape [1]";'
    found = notes(
        tmp_path,
        "import kit\nkit.run(1, global_scale=2)\n",
        {"kit/__init__.py": BUILT, "kit/csrc/quantize.cu": COMPILED % ""},
        {"kit/__init__.py": BUILT, "kit/csrc/quantize.cu": new},
    )
    assert said(found) == [
        (Rule.API_PRECONDITION, "run() checks more in kit 2.0", ("new: globalScale should have shape [1]",))
    ]


def test_checks_of_other_sources_do_not_count(tmp_path: Path) -> None:
    new = {
        "kit/__init__.py": BUILT,
        "kit/csrc/quantize.cu": COMPILED % "",
        "kit/csrc/other.cu": COMPILED % "KIT_CHECK(globalScale);",
    }
    old = {"kit/__init__.py": BUILT, "kit/csrc/quantize.cu": COMPILED % "", "kit/csrc/other.cu": COMPILED % ""}
    assert notes(tmp_path, "import kit\nkit.run(1, 2)\n", old, new) == []


WARNING = "import warnings\ndef run(q, tile=None):\n    if tile is not None:\n        warnings.warn('tile is deprecated', DeprecationWarning)\n"


@pytest.mark.parametrize(
    ("source", "engine", "message"),
    [
        (WARNING, "import kit\nkit.run(1, tile=2)\n", "tile of run() is deprecated in kit 1.0: tile is deprecated"),
        (
            "def run(q, *deprecated_positional_args, **kwargs): ...\n",
            "import kit\nkit.run(1, 2)\n",
            "passing more arguments by position to run() is deprecated in kit 1.0: pass these arguments by name",
        ),
        ("def run(q, *deprecated_positional_args, **kwargs): ...\n", "import kit\nkit.run(1, tile=2)\n", None),
        ("def run(q, *more, **kwargs): ...\n", "import kit\nkit.run(1, 2)\n", None),
        (WARNING, "import kit\nkit.run(1, 2)\n", "tile of run() is deprecated in kit 1.0: tile is deprecated"),
        (WARNING, "import kit\nkit.run(1)\n", None),
        (
            "def run(q):\n    logger.warning_once('run is deprecated, use go')\n",
            "import kit\nkit.run(1)\n",
            "run() is deprecated in kit 1.0: run is deprecated, use go",
        ),
        ("def run(q):\n    logger.warning('slow')\n", "import kit\nkit.run(1)\n", None),
        (
            "class Run:\n    '''Deprecated. Definition of a run.'''\n",
            "import kit\nkit.Run()\n",
            "Run() is deprecated in kit 1.0",
        ),
        (
            "def run(q):\n    '''Deprecated. Use go() instead.'''\n",
            "import kit\nkit.run(1)\n",
            "run() is deprecated in kit 1.0: Use go() instead.",
        ),
        ("@deprecated\ndef run(q): ...\n", "import kit\nkit.run(1)\n", "run() is deprecated in kit 1.0"),
        (
            "@deprecated('use go')\ndef run(q): ...\n",
            "import kit\nkit.run(1)\n",
            "run() is deprecated in kit 1.0: use go",
        ),
        (
            "def run(q):\n    '''Run.\n\n    .. deprecated:: 0.9 use go\n    '''\n",
            "import kit\nkit.run(1)\n",
            "run() is deprecated in kit 1.0: 0.9 use go",
        ),
        (
            "class Run:\n    def __init__(self, q):\n        warnings.warn('going', FutureWarning)\n",
            "import kit\nkit.Run(1)\n",
            "Run() is deprecated in kit 1.0: going",
        ),
    ],
)
def test_deprecations(tmp_path: Path, source: str, engine: str, message: str | None) -> None:
    found = notes(tmp_path, engine, {"kit/__init__.py": source}, None)
    assert [each.message for each in found] == ([message] if message else [])


def test_a_name_that_moved_and_still_works(tmp_path: Path) -> None:
    old = {"kit/__init__.py": "", "kit/core.py": "def run(q): ...\n"}
    new = {"kit/__init__.py": "", "kit/core.py": "from .ops import run\n", "kit/ops.py": "def run(q): ...\n"}
    assert said(notes(tmp_path, "from kit.core import run\n", old, new)) == [
        (Rule.API_MOVED, "kit.core.run is defined in kit.ops in kit 2.0", ())
    ]
    assert notes(tmp_path, "from kit.core import run\n", new, new) == []


@pytest.mark.parametrize(
    ("name", "text"), [("plan", "W.plan(a)"), ("begin", "W.begin(a)"), ("make", "W.make(b)"), ("of", "W.of(c)")]
)
def test_a_method_is_shown_as_callers_meet_it(name: str, text: str) -> None:
    code = (
        "class W:\n    def plan(self, a): ...\n    begin = plan\n    @staticmethod\n    def make(b): ...\n"
        "    @classmethod\n    def of(cls, c): ...\n"
    )
    side = ReleaseSide("kit", "1.0", Library(Folder({"kit.py": code})))
    (thing,) = side.resolve(Reference("kit", ("W", name)))[0].things
    defined = side.defined(thing, name)
    assert defined is not None
    assert defined.text == text
