"""Uses held against two releases: from the sources of both sides to the findings."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.findings.rules import Rule, Severity
from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.engine.repository import engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.judge import grouped, judge
from fi_bump.fit.model import ApiFinding
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.signature import Call
from fi_bump.fit.wheel.library import Library
from tests.conftest import plant
from tests.fit.folder import Folder
from tests.fit.test_signature import accepted, bound, calls_of, mutations, signatures

SUBJECT = Subject(frozenset(["kit"]), frozenset(["kit"]))


def findings(root: Path, engine: str, old: str, new: str | None) -> list[ApiFinding]:
    """What is found in an engine's module, where `kit` is one module."""
    plant(root, {"engine.py": engine.encode()})
    found = engine_uses(RepositoryFiles(str(root)).read, ["engine.py"], SUBJECT)
    pinned = ReleaseSide("kit", "1.0", Library(Folder({"kit.py": old})), found.stored)
    proposed = None if new is None else ReleaseSide("kit", "2.0", Library(Folder({"kit.py": new})), found.stored)
    return grouped(judge(found.uses, pinned, proposed))


def said(found: list[ApiFinding]) -> list[tuple[str, str]]:
    """Rules and messages."""
    return [(each.rule.value, each.message) for each in found]


OLD = "def run(q, k, tile=1): ...\nclass W:\n    def plan(self, a, b): ...\n"
NEW = "def run(q, k, *, scale=None): ...\nclass W:\n    def plan(self, b, a): ...\n"
GONE = ("api-keyword", "run() does not take the keyword tile in kit 2.0")
GUARDED = ("api-guarded", GONE[1])

CASES = [
    ("import kit\nkit.run(1, 2, tile=3)\n", [GONE]),
    ("import kit\nkit.run(1, 2)\n", []),
    ("import kit\nkit.run(1)\n", [("api-pin", "run() needs k in kit 1.0, and the call does not pass it")]),
    (
        "import kit\nkit.run(1, 2, 3)\n",
        [("api-arity", "run() takes at most 2 positional arguments in kit 2.0, not 3")],
    ),
    (
        "import kit\nkit.W().plan(1, 2)\n",
        [
            (
                "api-positional",
                "W.plan() takes arguments in another order in kit 2.0: argument 1 was a and is b, argument 2 was b and is a",
            )
        ],
    ),
    ("import kit\nkit.W().plan(a=1, b=2)\n", []),
    ("try:\n    import kit\nexcept ImportError:\n    kit = None\nkit.run(1, 2, tile=3)\n", [GONE]),
    ("import kit\ntry:\n    kit.run(1, 2, tile=3)\nexcept TypeError:\n    kit.run(1, 2)\n", [GUARDED]),
    ("import kit\nif 'tile' in inspect.signature(kit.run).parameters:\n    kit.run(1, 2, tile=3)\n", []),
    ("import kit\nif version.parse(kit.__version__) < version.parse('1.5'):\n    kit.run(1, 2, tile=3)\n", []),
    ("import kit\nif version.parse(kit.__version__) >= version.parse('1.5'):\n    kit.run(1, 2, tile=3)\n", [GONE]),
    ("import kit\nif OLD_ENOUGH(kit.__version__):\n    kit.run(1, 2, tile=3)\n", [GUARDED]),
    ("import kit\nif x:\n    kit.run(1, 2, **{'tile': 3})\n", [GONE]),
    # One of two names is meant, and one of them takes it.
    ("import kit\nf = kit.run if x else kit.W().plan\nf(1, 2)\n", []),
]


@pytest.mark.parametrize(("engine", "expected"), CASES)
def test_what_is_found(tmp_path: Path, engine: str, expected: list[tuple[str, str]]) -> None:
    assert said(findings(tmp_path, engine, OLD, NEW)) == expected


ABSENT = "kit.run is not in kit 2.0"
REMOVED, NOTE = ("api-removed", ABSENT), ("api-guarded", ABSENT)
TRIED = "try:\n    from kit import run\nexcept ImportError:\n"
# An import that may fail is a note. What follows is one where the code is ready for it, and nothing where it does not run.
GONE_ON = {
    "None, unasked": (f"{TRIED}    run = None\nrun(1, 2)\n", [REMOVED, NOTE]),
    "asked whether it is there": (f"{TRIED}    run = None\nif run is not None:\n    run(1, 2)\n", [NOTE]),
    "asked in one breath": (f"{TRIED}    run = None\nx = run is not None and run(1, 2)\n", [NOTE]),
    "asked in a conditional": (f"{TRIED}    run = None\nx = run(1, 2) if run else 0\n", [NOTE]),
    "asked the other way round": (f"{TRIED}    run = None\nx = run is None or run(1, 2)\n", [NOTE]),
    "left where it is missing": (
        f"{TRIED}    run = None\ndef f():\n    if run is None:\n        return\n    run(1, 2)\n",
        [NOTE],
    ),
    "asserted": (f"{TRIED}    run = None\ndef f():\n    assert run is not None\n    run(1, 2)\n", [NOTE]),
    "asked the wrong way": (f"{TRIED}    run = None\nif run is None:\n    run(1, 2)\n", [REMOVED, NOTE]),
    "a flag of the handler": (
        "try:\n    from kit import run\n    HAS = True\nexcept ImportError:\n    HAS = False\nif HAS:\n    run(1, 2)\n",
        [NOTE],
    ),
    "a flag that something else sets": (
        f"HAS = x()\n{TRIED}    pass\nif HAS:\n    run(1, 2)\n",
        [REMOVED, NOTE],
    ),
    "a flag of two imports": (
        "try:\n    from kit import W, run\n    HAS = 'a' in W.plan.__doc__\nexcept ImportError:\n    HAS = False\n"
        "def f():\n    if not HAS:\n        return\n    run(1, 2)\n",
        [NOTE],
    ),
    "a function in its place": (f"{TRIED}    def run(*_):\n        return 0\nrun(1, 2)\n", [NOTE]),
    "a class in its place": (f"{TRIED}    class run: ...\nrun(1, 2)\n", [NOTE]),
    "another function in its place": (f"{TRIED}    run = slow\nrun(1, 2)\n", [NOTE]),
    "nothing runs without it": (
        "def f():\n    try:\n        from kit import run\n    except ImportError:\n        return 0\n    return run(1, 2)\n",
        [NOTE],
    ),
    "only the package is missed": (
        "try:\n    import kit\nexcept ImportError:\n    kit = None\nif kit is not None:\n    kit.run(1, 2)\n",
        [REMOVED],
    ),
    "the handler raises": (f"{TRIED}    raise\nrun(1, 2)\n", [REMOVED]),
    "an import of another name in its place": (f"{TRIED}    from kit import W as run\nrun()\n", [NOTE]),
}


INSTEAD = {
    "the package first, then another one": (
        "try:\n    from kit import run\nexcept ImportError:\n    from fast import run\nrun(1, 2)\n",
        [NOTE],
    ),
    "of another package": (
        "try:\n    from fast import run\nexcept ImportError:\n    from kit import run\nrun(1, 2)\n",
        [NOTE],
    ),
    "of another package, by a module": (
        "try:\n    from fast import run\nexcept ImportError:\n    import kit\n    run = kit.run\nrun(1, 2)\n",
        [NOTE],
    ),
    "of several imports": (
        "try:\n    import fast\n    from kit import W as run\nexcept (ImportError, AttributeError):\n    from kit import run\n",
        [NOTE],
    ),
    "of a name that is there": (
        "try:\n    from kit import W as run\nexcept ImportError:\n    from kit import run\nrun(1, 2)\n",
        [],
    ),
    "of a name that never was": (
        "try:\n    from kit.new import run\nexcept ImportError:\n    from kit import run\nrun(1, 2)\n",
        [REMOVED],
    ),
    "of a module of the package that has it": (
        "try:\n    from fast import run\nexcept ImportError:\n    import kit\nkit.run(1, 2)\n",
        [REMOVED],
    ),
    "of no import": ("try:\n    go()\nexcept Exception:\n    from kit import run\n    run(1, 2)\n", [REMOVED]),
    "of an import and what it does": (
        "try:\n    import fast\n    fast.go()\nexcept Exception:\n    from kit import run\n    run(1, 2)\n",
        [REMOVED],
    ),
}


@pytest.mark.parametrize(("engine", "expected"), INSTEAD.values(), ids=INSTEAD)
def test_a_handler_in_place(tmp_path: Path, engine: str, expected: list[tuple[str, str]]) -> None:
    found = said(findings(tmp_path, engine, OLD, "class W:\n    def plan(self, a, b): ...\n"))
    assert [each for each in found if each[1] == NOTE[1]] == expected


@pytest.mark.parametrize(("engine", "expected"), GONE_ON.values(), ids=GONE_ON)
def test_an_import_that_may_fail(tmp_path: Path, engine: str, expected: list[tuple[str, str]]) -> None:
    assert said(findings(tmp_path, engine, OLD, "class W:\n    def plan(self, a, b): ...\n")) == expected


def test_a_place_is_named_once(tmp_path: Path) -> None:
    engine = "import kit\ndef f(g):\n    return g(1, 2)\nx = f(kit.run if y else kit.run) or kit.run(1, 2)\n"
    (found,) = findings(tmp_path, engine, OLD, "")
    places = [each.place[:3] for each in found.uses]
    assert places == list(dict.fromkeys(places))


NAMES = [
    ("from kit import gone\n", [("api-removed", "kit.gone is not in kit 2.0")]),
    ("import kit\nkit.gone(1)\n", [("api-removed", "kit.gone is not in kit 2.0")]),
    (
        "try:\n    from kit import gone\nexcept ImportError:\n    gone = None\n",
        [("api-guarded", "kit.gone is not in kit 2.0")],
    ),
    ("import kit\nif hasattr(kit, 'gone'):\n    kit.gone(1)\n", [("api-guarded", "kit.gone is not in kit 2.0")]),
    ("import kit\nf = getattr(kit, 'gone', None)\n", [("api-guarded", "kit.gone is not in kit 2.0")]),
    ("import kit\nprint(kit.made)\n", []),
    ("import kit.deep\n", [("api-pin", "kit.deep is not in kit 1.0")]),
]


@pytest.mark.parametrize(("engine", "expected"), NAMES)
def test_names_that_are_gone(tmp_path: Path, engine: str, expected: list[tuple[str, str]]) -> None:
    old = "def gone(a): ...\nmade = 1\n"
    assert said(findings(tmp_path, engine, old, "made = 1\n")) == expected


def test_code_that_does_not_fit_its_pin_says_whether_the_release_repairs_it(tmp_path: Path) -> None:
    engine = "import kit\nkit.run(1, 2, scale=3)\nkit.other()\n"
    found = findings(tmp_path, engine, OLD, NEW)
    assert [(each.symbol, each.repaired) for each in found] == [("kit.other", False), ("run", True)]
    assert [each.repaired for each in findings(tmp_path, engine, OLD, None)] == [None, None]
    assert {each.rule for each in found} == {Rule.API_PIN}


def test_a_module_that_makes_its_names_is_not_judged(tmp_path: Path) -> None:
    new = "import sys\nsys.modules[__name__] = make()\n"
    assert findings(tmp_path, "import kit\nkit.gone(1)\nfrom kit import gone\n", "def gone(a): ...\n", new) == []


def test_uses_of_one_cause_are_one_finding(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "import kit\nkit.run(1, 2, tile=3)\nkit.run(3, 4, tile=5)\n", OLD, NEW)
    assert [str(use.place) for use in found.uses] == ["engine.py:2:1", "engine.py:3:1"]
    assert (found.changes, found.fails, found.in_tests) == (("- tile", "+ scale=None"), True, False)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_from_source_to_finding_what_python_refuses_is_found_and_no_other(data: st.DataObject) -> None:
    old = data.draw(signatures())
    call = data.draw(calls_of(old))
    if bound(old, call) is None:
        return
    new = data.draw(mutations(old))
    values = [str(number) for number in range(call.positional)]
    written = ", ".join([*values, *(f"{name}=0" for name in call.keywords)])
    with tempfile.TemporaryDirectory() as scratch:
        found = findings(
            Path(scratch), f"import kit\nkit.run({written})\n", f"def run{old}: ...\n", f"def run{new}: ...\n"
        )
    errors = [each for each in found if each.rule.severity is Severity.error]
    refused = [each for each in errors if each.rule is not Rule.API_POSITIONAL]
    assert (refused == []) == accepted(new, call)
    # Before Python 3.13 `bind` refuses some calls that Python takes: there it cannot tell what moved.
    if not refused and bound(new, call) is not None:
        assert bool(errors) == bool(moved(old, new, call))


def moved(old: Any, new: Any, call: Call) -> list[int]:
    """The positional arguments that another parameter takes now, by Python's own binding."""
    before, after = bound(old, call), bound(new, call)
    if before is None or after is None:
        return []
    return [
        index
        for index in range(call.positional)
        if (was := holder(before, index)) and (now := holder(after, index)) != was
        if new.parameter(was) or (now and old.parameter(now))
    ]


def holder(arguments: dict[str, Any], index: int) -> str | None:
    """The named parameter that took a positional argument."""
    return next((name for name, value in arguments.items() if type(value) is int and value == index), None)


RENAMES = """\
def renamed(old, new):
    def decorator(f):
        def wrapper(*args, **kwargs):
            if old in kwargs:
                kwargs[new] = kwargs.pop(old)
            return f(*args, **kwargs)
        return wrapper
    return decorator


"""
DECORATED = [
    pytest.param(
        f"{RENAMES}@renamed('k', 'key')\ndef run(key): ...\n", id="a decorator that takes keywords by variable"
    ),
    pytest.param("from other import extended\n\n\n@extended\ndef run(q): ...\n", id="another package's decorator"),
    pytest.param(
        "from other import strict\nfrom dataclasses import dataclass\n\n\n@strict(accept_kwargs=True)\n@dataclass\n"
        "class run:\n    q: int = 1\n",
        id="a dataclass with one more decorator",
    ),
]


@pytest.mark.parametrize("source", DECORATED)
def test_what_a_decorator_may_take_is_not_called_wrong(tmp_path: Path, source: str) -> None:
    assert findings(tmp_path, "import kit\nkit.run(k=1)\n", source, source) == []


def test_another_decorator_than_before_is_not_judged(tmp_path: Path) -> None:
    old = "from other import a\n\n\n@a\ndef run(q, k=1): ...\n"
    new = old.replace("a\n", "b\n").replace(", k=1", "")
    assert findings(tmp_path, "import kit\nkit.run(1, k=1)\n", old, new) == []
    # The same one does the same to both.
    assert said(findings(tmp_path, "import kit\nkit.run(1, k=1)\n", old, old.replace(", k=1", ""))) == [
        ("api-keyword", "run() does not take the keyword k in kit 2.0")
    ]


def missing(root: Path, engine: str, files: dict[str, str]) -> list[str]:
    """The messages about an engine's module that is held against one release."""
    plant(root, {"engine.py": engine.encode()})
    found = engine_uses(RepositoryFiles(str(root)).read, ["engine.py"], SUBJECT)
    side = ReleaseSide("kit", "1.0", Library(Folder(files)), found.stored)
    return [each.message for each in grouped(judge(found.uses, side, None))]


@pytest.mark.parametrize(
    ("init", "is_known"),
    [
        ("import sys\nfor name in NAMES:\n    sys.modules[f'kit.{name}'] = make(name)\n", False),
        ("import sys\nsys.modules['kit.other'] = 1\n", True),
        ("import sys\nsys.modules[__name__] = make()\n", True),
        ("import sys\nprint(sys.modules)\n", True),
    ],
)
def test_modules_that_a_package_makes_are_not_called_missing(tmp_path: Path, init: str, is_known: bool) -> None:
    found = missing(tmp_path, "from kit.made import thing\n", {"kit/__init__.py": init})
    assert found == (["kit.made is not in kit 1.0"] if is_known else [])


@pytest.mark.parametrize(
    ("body", "is_known"),
    [
        ("        for name, value in options.items():\n            setattr(self, name, value)\n", False),
        ("        self.__dict__.update(options)\n", False),
        ("        setattr(self, 'other', options)\n", True),
        ("        self.other = options\n", True),
    ],
)
def test_attributes_that_an_object_gets_at_run_time_are_not_called_missing(
    tmp_path: Path, body: str, is_known: bool
) -> None:
    source = f"class Box:\n    def __init__(self, **options):\n{body}"
    found = missing(tmp_path, "from kit import Box\nprint(Box().size)\n", {"kit/__init__.py": source})
    assert found == (["kit.Box.size is not in kit 1.0"] if is_known else [])


def test_what_a_class_of_the_repository_has_of_its_own_is_not_called_missing(tmp_path: Path) -> None:
    engine = (
        "from kit import Box\nclass Mine(Box):\n    LIMIT = 1\n    def f(self):\n        return self.LIMIT, self.gone\n"
    )
    assert missing(tmp_path, engine, {"kit/__init__.py": "class Box: ...\n"}) == ["kit.Box.gone is not in kit 1.0"]


@pytest.mark.parametrize(
    "test",
    [
        "ready = hasattr(kit, 'gone')\n",
        "try:\n    import other\n    ready = other is not None and hasattr(kit, 'gone')\nexcept ImportError:\n    ready = False\n",
        "ready = getattr(kit, 'gone', None) is not None\n",
    ],
)
def test_a_name_that_the_module_holds_a_test_of_is_optional_in_its_functions(tmp_path: Path, test: str) -> None:
    use = "class Runner:\n    def __init__(self):\n        self.on = ready\n    def run(self):\n        kit.gone(1)\n"
    found = said(findings(tmp_path, f"import kit\n{test}{use}", "def gone(q): ...\n", ""))
    assert {rule for rule, _ in found} == {"api-guarded"}
    # Without a test of it, it is not.
    for other in ("ready = True\n", "ready = hasattr(kit, 'other')\n", "ready = getattr(kit, 'run', None)\n"):
        found = said(findings(tmp_path, f"import kit\n{other}{use}", "def gone(q): ...\n", ""))
        assert ("api-removed", "kit.gone is not in kit 2.0") in found
