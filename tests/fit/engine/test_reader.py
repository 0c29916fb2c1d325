"""What a module uses of a package: scopes, aliases, wrappers, objects, arguments, and what protects a use."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.engine.repository import engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.uses import (
    Acceptance,
    Caught,
    OtherTest,
    Presence,
    Protection,
    Reference,
    Use,
    UseKind,
    VersionTest,
)
from fi_bump.fit.signature import Call
from fi_bump.pins import Place
from tests.conftest import plant

SUBJECT = Subject(frozenset(["kit"]), frozenset(["kit-python"]))


def uses(tmp_path: Path, text: str, **others: str) -> list[Use]:
    """The uses in `engine/module.py`, beside other modules of the engine."""
    tree = {"engine/__init__.py": b"", "engine/module.py": text.encode()}
    tree |= {f"engine/{name}.py": other.encode() for name, other in others.items()}
    plant(tmp_path, tree)
    found = engine_uses(RepositoryFiles(str(tmp_path)).read, sorted(tree), SUBJECT)
    assert found.unreadable == ()
    return [use for use in found.uses if use.place.path == "engine/module.py"]


def calls(found: list[Use]) -> list[tuple[str, Call]]:
    """What is called, and how."""
    return [(use.references[0].shown, use.call) for use in found if use.call is not None]


def names(found: list[Use]) -> list[str]:
    """All names, whatever is done with them."""
    return [use.references[0].shown for use in found]


NAMED = [
    ("import kit\nkit.deep.run(1)\n", ["kit", "kit.deep.run"]),
    ("import kit.deep\nkit.deep.run(1)\n", ["kit.deep", "kit.deep.run"]),
    ("import kit.deep as d\nd.run(1)\n", ["kit.deep", "kit.deep.run"]),
    ("from kit import run as go\ngo(1)\n", ["kit.run", "kit.run"]),
    ("from kit.deep import (\n    run,\n)\nother = run\nother(1)\n", ["kit.deep.run", "kit.deep.run"]),
    # One name from two modules in two functions.
    (
        "def f():\n    from kit.a import run\n    run(1)\ndef g():\n    from kit.b import run\n    run(2)\n",
        ["kit.a.run", "kit.a.run", "kit.b.run", "kit.b.run"],
    ),
    # A local name hides the import.
    ("from kit import run\ndef f(run):\n    run(1)\n", ["kit.run"]),
    ("from kit import run\ndef f():\n    run = print\n    run(1)\n", ["kit.run"]),
    ("from kit import run\nclass C:\n    run = 1\n    def f(self):\n        run(1)\n", ["kit.run", "kit.run"]),
    ("from kit import run\nxs = [run(x) for run in ys]\n", ["kit.run"]),
    ("from kit import run\ng = lambda run: run(1)\n", ["kit.run"]),
    # What is imported after a use in a function.
    ("def f():\n    run(1)\nfrom kit import run\n", ["kit.run", "kit.run"]),
    ("import kit\nx = getattr(kit.deep, 'run')\nx(1)\n", ["kit", "kit.deep.run", "kit.deep.run"]),
    ("import importlib\nm = importlib.import_module('kit.deep')\nm.run(1)\n", ["kit.deep", "kit.deep.run"]),
    ("import kit\nclass C(kit.Base): pass\n", ["kit", "kit.Base"]),
    ("import kit\n@kit.mark(1)\ndef f(x=kit.DEFAULT): ...\n", ["kit", "kit.mark", "kit.DEFAULT"]),
    ("from unittest.mock import patch\nwith patch('kit.deep.run'):\n    pass\n", ["kit.deep.run"]),
    ("import kitchen\nkitchen.run()\n", []),
    ("from . import kit\nkit.run()\n", []),
    ("text = 'kit.run is fine'\n", []),
    # Python evaluates an annotation, but not that of a local variable, a text, or any where the module says so.
    ("import kit\nx: kit.Mode = 1\n", ["kit", "kit.Mode"]),
    ("import kit\ndef f(a: kit.A | None) -> list[kit.B]: ...\n", ["kit", "kit.A", "kit.B"]),
    ("import kit\nclass C:\n    x: kit.Mode\n", ["kit", "kit.Mode"]),
    ("import kit\ndef f():\n    x: kit.Mode = 1\n    x.y: kit.Other = 1\n", ["kit", "kit.Other"]),
    ("import kit\nx: 'kit.Mode' = 1\n", ["kit"]),
    ("from __future__ import annotations\nimport kit\nx: kit.Mode = 1\n", ["kit"]),
    ("from kit import Mode\nx = Mode.FAST\n", ["kit.Mode", "kit.Mode.FAST"]),
    ("from kit import run\nfor f in (run, print):\n    f(1)\n", ["kit.run", "kit.run"]),
]


@pytest.mark.parametrize(("text", "expected"), NAMED)
def test_what_is_named(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert names(uses(tmp_path, text)) == expected


ARGUMENTS = [
    ("run(1, 2, a=3)", Call(2, ("a",))),
    ("run(*xs)", Call(0, more_positional=True)),
    ("run(1, *xs, 2)", Call(1, more_positional=True)),
    ("run(**options)", Call(0, more_keywords=True)),
    ("run(**{'a': 1, 'b': 2})", Call(0, ("a", "b"))),
    ("run(**dict(a=1))", Call(0, ("a",))),
    ("k = {'a': 1}\nk['b'] = 2\nrun(**k)", Call(0, ("a", "b"))),
    ("k = dict(a=1)\nif x:\n    k['b'] = 2\nrun(**k)", Call(0, ("a",), ("b",))),
    ("k = {'a': 1}\nk.update(b=2, **{'c': 3})\nrun(**k)", Call(0, ("a", "b", "c"))),
    ("k = {'a': 1}\nk.update({'b': 2})\nrun(**k)", Call(0, ("a", "b"))),
    ("k = {'a': 1}\nk.update(other)\nrun(**k)", Call(0, ("a",), more_keywords=True)),
    ("k = {'a': 1, 'b': 2}\nk.pop('a')\nrun(**k)", Call(0, ("b",))),
    ("k = {'a': 1, 'b': 2}\ndel k['a']\nrun(**k)", Call(0, ("b",))),
    ("k = {'a': 1}\nk.setdefault('b', 2)\nrun(**k)", Call(0, ("a", "b"))),
    ("k = {'a': 1}\nk |= {'b': 2}\nrun(**k)", Call(0, ("a", "b"))),
    ("k = {'a': 1}\nfill(k)\nrun(**k)", Call(0, ("a",), more_keywords=True)),
    ("k = {'a': 1}\nfor n in ns:\n    k[n] = 1\nrun(**k)", Call(0, ("a",), more_keywords=True)),
    ("k = {'a': 1} if x else {'b': 2}\nrun(**k)", Call(0, (), ("a", "b"))),
    ("k = load()\nrun(**k)", Call(0, more_keywords=True)),
    ("args = [1, 2]\nrun(*args)", Call(2)),
    ("args = [1, 2]\nargs.append(3)\nrun(*args)", Call(3)),
    ("args = [1, 2]\nif x:\n    args.append(3)\nrun(*args)", Call(2, more_positional=True)),
    ("args = [1]\nargs += [2, 3]\nrun(*args)", Call(3)),
    ("args = [1]\nargs.extend([2, 3])\nrun(0, *args)", Call(4)),
    ("args = (1, 2)\nrun(*args, a=1)", Call(2, ("a",))),
    ("from functools import partial\nf = partial(run, 1, a=2)\nf(3, b=4)", Call(2, ("a", "b"))),
    ("def f(*args, **kwargs):\n    return run(*args, **kwargs)\nf(1, a=2)", Call(1, ("a",))),
    (
        "import functools\n@functools.cache\ndef f(*args, **kwargs):\n    return run(*args, **kwargs)\nf(1, a=2)",
        Call(1, ("a",)),
    ),
]


@pytest.mark.parametrize(("text", "expected"), ARGUMENTS)
def test_what_a_call_gives(tmp_path: Path, text: str, expected: Call) -> None:
    found = calls(uses(tmp_path, f"from kit import run\n{text}\n"))
    assert found[-1] == ("kit.run", expected)


OBJECTS = [
    "w = kit.Wrapper(1)\nw.plan(2)\n",
    "def f(w: kit.Wrapper):\n    w.plan(2)\n",
    "def f(w: 'kit.Wrapper | None' = None):\n    w.plan(2)\n",
    "from typing import Optional\ndef f(w: Optional[kit.Wrapper]):\n    w.plan(2)\n",
    "def f(w):\n    assert isinstance(w, kit.Wrapper)\n    w.plan(2)\n",
    "def f(w):\n    if isinstance(w, kit.Wrapper):\n        w.plan(2)\n",
    "class C:\n    def g(self):\n        self.w.plan(2)\n    def __init__(self):\n        self.w = kit.Wrapper(1)\n",
    "class C:\n    w: kit.Wrapper\n    def g(self):\n        self.w.plan(2)\n",
    "class C:\n    def __init__(self):\n        self.w: kit.Wrapper | None = None\n    def g(self):\n        self.w.plan(2)\n",
    "class C(kit.Wrapper):\n    def g(self):\n        self.plan(2)\n",
    "class C(kit.Wrapper):\n    def g(self):\n        super().plan(2)\n",
    "class M:\n    w: kit.Wrapper\ndef f(m):\n    m.w.plan(2)\n",
    "class C:\n    def make(self) -> kit.Wrapper: ...\n    def g(self):\n        w = self.make()\n        w.plan(2)\n",
    "ws: list[kit.Wrapper] = []\nws[0].plan(2)\n",
    "ws = [kit.Wrapper(i) for i in range(3)]\nfor w in ws:\n    w.plan(2)\n",
    "if x:\n    w = kit.Wrapper(1)\nelse:\n    w = kit.Wrapper(2)\nw.plan(2)\n",
    "from typing import cast\nw = cast(kit.Wrapper, x)\nw.plan(2)\n",
    "with kit.Wrapper(1) as w:\n    w.plan(2)\n",
]


@pytest.mark.parametrize("text", OBJECTS)
def test_methods_of_objects(tmp_path: Path, text: str) -> None:
    made = uses(tmp_path, f"import kit\n{text}")
    (found,) = [use for use in made if use.kind is UseKind.CALL and use.references[0].path[-1] == "plan"]
    assert found.references == (Reference("kit", ("Wrapper", "()", "plan")),)
    assert found.call == Call(1)


NOT_FOLLOWED = [
    "def f(w: kit.Wrapper | Other):\n    w.plan(2)\n",
    "def f(w):\n    w.plan(2)\n",
    "class M:\n    w: Other\nclass N:\n    w: kit.Wrapper\ndef f(m):\n    m.w.plan(2)\n",
    "w = kit.Wrapper(1)\nw = Other()\nw.plan(2)\n",
]


@pytest.mark.parametrize("text", NOT_FOLLOWED)
def test_objects_that_may_be_others_are_not_followed(tmp_path: Path, text: str) -> None:
    assert [name for name, _ in calls(uses(tmp_path, f"import kit\n{text}")) if name.endswith("plan")] == []


ABSENCE, BOTH = Caught(frozenset([Protection.ABSENCE])), Caught(frozenset(Protection))
RUN = Reference("kit", ("run",))
GUARDS = [
    ("try:\n    import kit\nexcept ImportError:\n    kit = None\n", (ABSENCE,)),
    ("try:\n    import kit\nexcept (ImportError, OSError):\n    pass\n", (ABSENCE,)),
    ("try:\n    import kit\nexcept Exception:\n    pass\n", (BOTH,)),
    ("try:\n    import kit\nexcept:\n    pass\n", (BOTH,)),
    ("try:\n    import kit\nexcept ValueError:\n    pass\n", ()),
    # A handler that raises again protects from nothing.
    ("try:\n    import kit\nexcept ImportError as e:\n    raise RuntimeError from e\n", ()),
    ("from contextlib import suppress\nwith suppress(ImportError):\n    import kit\n", (ABSENCE,)),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import kit\n", (BOTH,)),
]


@pytest.mark.parametrize(("text", "guards"), GUARDS)
def test_what_protects_an_import(tmp_path: Path, text: str, guards: tuple[object, ...]) -> None:
    assert uses(tmp_path, text)[0].guards == guards


TESTS = [
    ("if version.parse(kit.__version__) >= version.parse('1.2'):\n    kit.run(1)\n", VersionTest(">=", "1.2")),
    (
        "if Version(kit.__version__) < Version('1.2'):\n    pass\nelse:\n    kit.run(1)\n",
        VersionTest("<", "1.2", False),
    ),
    ("if Version('1.2') <= Version(kit.__version__):\n    kit.run(1)\n", VersionTest(">=", "1.2")),
    (
        "from importlib.metadata import version\nif Version(version('kit-python')) > Version('1'):\n    kit.run(1)\n",
        VersionTest(">", "1"),
    ),
    ("NEW = Version(kit.__version__) >= Version('1.2')\nif NEW:\n    kit.run(1)\n", VersionTest(">=", "1.2")),
    ("if not NEW_ENOUGH(kit.__version__):\n    kit.run(1)\n", OtherTest()),
    ("if version_at_least('kit', '1.2'):\n    kit.run(1)\n", VersionTest(">=", "1.2")),
    ("if hasattr(kit, 'run'):\n    kit.run(1)\n", Presence(RUN)),
    ("if not hasattr(kit, 'other'):\n    kit.run(1)\n", Presence(Reference("kit", ("other",)), False)),
    ("def f():\n    if not hasattr(kit, 'run'):\n        return\n    kit.run(1)\n", Presence(RUN, True)),
    ("if 'a' in inspect.signature(kit.run).parameters:\n    kit.run(a=1)\n", Acceptance(RUN, "a")),
    ("p = inspect.signature(kit.run).parameters\nif 'a' not in p:\n    kit.run(1)\n", Acceptance(RUN, "a", False)),
    ("if supports_kw(kit.run, 'a'):\n    kit.run(a=1)\n", Acceptance(RUN, "a")),
    (
        "class C:\n    def __init__(self):\n        try:\n            self.ok = accepts(kit.run, 'a', strict=True)\n"
        "        except TypeError:\n            self.ok = False\n"
        "    def go(self):\n        if self.ok:\n            kit.run(a=1)\n",
        Acceptance(RUN, "a"),
    ),
    ("if hasattr(kit, 'run') and x:\n    kit.run(1)\n", Presence(RUN)),
    ("if hasattr(kit, 'run') or x:\n    kit.run(1)\n", OtherTest()),
    ("try:\n    kit.run(1)\nexcept TypeError:\n    kit.old(1)\n", Caught(frozenset([Protection.CALL]))),
    (
        "import pytest\ndef f():\n    if Version(kit.__version__) < Version('1.2'):\n        pytest.skip('old')\n    kit.run(1)\n",
        VersionTest("<", "1.2", False),
    ),
]


@pytest.mark.parametrize(("text", "guard"), TESTS)
def test_what_decides_about_a_call(tmp_path: Path, text: str, guard: object) -> None:
    (call,) = [
        use for use in uses(tmp_path, f"import kit\n{text}") if use.kind is UseKind.CALL and use.references[0] == RUN
    ]
    assert call.guards == (guard,)


def test_a_test_ends_with_its_block(tmp_path: Path) -> None:
    found = uses(tmp_path, "import kit\nif hasattr(kit, 'run'):\n    kit.run(1)\nkit.run(2)\n")
    assert [use.guards for use in found if use.kind is UseKind.CALL] == [(Presence(RUN),), ()]


WRAPPERS = """\
import functools, importlib
import kit.deep


def _lazy_import_wrapper(module_name, attribute, fallback=None): ...


run = _lazy_import_wrapper("kit.deep", "run")


def has_all():
    for module, name in [("kit.deep", "run"), ("kit", "other")]:
        if not hasattr(importlib.import_module(module), name):
            return False


def passing(*args, **kwargs):
    return kit.deep.other(*args, **kwargs)
"""


def test_names_that_modules_hand_to_each_other(tmp_path: Path) -> None:
    found = uses(
        tmp_path,
        "from engine.wrappers import passing, run\nfrom . import wrappers\nrun(1, a=2)\npassing(3)\nwrappers.run(4)\n",
        wrappers=WRAPPERS,
    )
    assert calls(found) == [
        ("kit.deep.run", Call(1, ("a",))),
        ("kit.deep.other", Call(1)),
        ("kit.deep.run", Call(1)),
    ]
    assert [use.optional for use in found] == [("kit.deep.run",), (), ("kit.deep.run",)]


def test_a_chain_of_modules(tmp_path: Path) -> None:
    found = uses(
        tmp_path,
        "from engine.b import go\ngo(1)\n",
        a="from kit import run\n",
        b="from engine.a import run as go\n",
    )
    assert calls(found) == [("kit.run", Call(1))]


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    found = uses(
        tmp_path,
        "from engine.a import go\nimport kit\nhere = kit.here\ngo(1)\n",
        a="from engine.module import here\nfrom kit import run as go\nhere(1)\n",
    )
    assert calls(found) == [("kit.run", Call(1))]


def test_what_a_repository_asks_for_by_name_is_optional(tmp_path: Path) -> None:
    plant(tmp_path, {"w.py": WRAPPERS.encode()})
    found = engine_uses(RepositoryFiles(str(tmp_path)).read, ["w.py"], SUBJECT).uses
    asked = [use for use in found if use.kind is UseKind.LOOKUP]
    assert [use.references[0].shown for use in asked] == ["kit.deep.run", "kit.deep.run", "kit.other"]
    assert all(use.optional for use in asked)


def test_places_count_characters(tmp_path: Path) -> None:
    (_, call) = uses(tmp_path, "import kit\nx = 'äöü', kit.run(\n    1)\n")
    assert call.place == Place("engine/module.py", 2, 12, 19)


def test_a_file_that_does_not_parse_is_named(tmp_path: Path) -> None:
    plant(tmp_path, {"bad.py": b"import kit\ndef (\n", "good.py": b"import kit\n"})
    found = engine_uses(RepositoryFiles(str(tmp_path)).read, ["bad.py", "good.py"], SUBJECT)
    assert (found.unreadable, len(found.uses)) == (("bad.py",), 1)


def test_an_attribute_that_the_repository_sets_is_known(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": b"import kit\nw = kit.Wrapper(1)\nw.ours = 1\nprint(w.ours)\n"})
    assert "ours" in engine_uses(RepositoryFiles(str(tmp_path)).read, ["a.py"], SUBJECT).stored


@pytest.mark.parametrize(
    "text",
    [
        # The package's name is that of a backend, and what is beside it another one, or a mode.
        'if backend in ["kit", "auto"]:\n    pass\n',
        'ready = backend in ("kit", "fast")\n',
        'CHOICES = {"backend": ["kit", "auto"]}\n',
        'rows = [("kit", "auto"), ("other", "fast"), ("kit", "fast")]\n',
        '@pytest.mark.parametrize(("backend", "mode"), [("kit", "auto"), ("kit", "fast")])\ndef test(): ...\n',
        'choose("kit", "auto")\n',
        'parser.add(group, "kit", "auto")\n',
        'available = installed("kit-python", "fast")\nfind_spec("kit-python")\nrows = [("kit-python", "fast")]\n',
    ],
)
def test_a_backend_of_the_name_of_the_package_is_no_module(tmp_path: Path, text: str) -> None:
    assert names(uses(tmp_path, f"import kit\n{text}")) == ["kit"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('rows = [("kit.ops", "add"), ("kit", "run")]\n', ["kit.run", "kit.ops.add"]),
        ('rows = (["kit", "run"], ["other", "auto"], ["kit.ops", "add"])\n', ["kit.run", "kit.ops.add"]),
        ('row = ("kit.ops", "add")\n', ["kit.ops.add"]),
        ('run = lazy_wrapper("kit", "run")\n', ["kit.run"]),
        ('ready = has_module_attribute("kit", "run")\n', ["kit.run"]),
        ('ready = known("kit.ops", "add")\n', ["kit.ops.add"]),
    ],
)
def test_a_row_of_a_table_of_names_is_a_use(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert sorted(names(uses(tmp_path, f"import kit\n{text}"))) == sorted(["kit", *expected])
