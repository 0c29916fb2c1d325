"""Objects of a package on their way through the functions of one module: as arguments, and as what is returned."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fit.engine.test_reader import uses

PLAN = "kit.Wrapper.plan"
GIVEN = [
    pytest.param("def f(w, x):\n    w.plan(x)\nf(Wrapper(1), 2)\n", id="by position"),
    pytest.param("def f(x, w=None):\n    w.plan(x)\nf(2, w=Wrapper(1))\n", id="by name"),
    pytest.param("def g(x):\n    w = Wrapper(x)\n    f(w)\ndef f(self):\n    self.plan(1)\n", id="defined later"),
    pytest.param("def f(self):\n    self.plan(1)\ndef g(x):\n    w = Wrapper(x)\n    f(w)\n", id="defined earlier"),
    pytest.param(
        "class C:\n    def f(self, w):\n        w.plan(1)\n    def g(self):\n        self.f(Wrapper(1))\n",
        id="a method",
    ),
    pytest.param(
        "class C:\n    @staticmethod\n    def f(w):\n        w.plan(1)\n    def g(self):\n        self.f(Wrapper(1))\n",
        id="a static method",
    ),
]
RETURNED = [
    pytest.param("def make():\n    return Wrapper(1)\nmake().plan(1)\n", id="at the top level, after the definition"),
    pytest.param("def make():\n    return Wrapper(1)\ndef f():\n    w = make()\n    w.plan(1)\n", id="in a function"),
    pytest.param("def f():\n    w = make()\n    w.plan(1)\ndef make():\n    return Wrapper(1)\n", id="defined later"),
    pytest.param(
        "class C:\n    def get(self, known):\n        w = known.get(1)\n        if w is None:\n            w = Wrapper(1)\n"
        "        return w\n    def g(self):\n        self.get({}).plan(1)\n",
        id="one that was kept",
    ),
]


@pytest.mark.parametrize("text", GIVEN)
def test_objects_that_a_function_is_given(tmp_path: Path, text: str) -> None:
    (found,) = [each for each in uses(tmp_path, f"from kit import Wrapper\n{text}") if each.references[0].shown == PLAN]
    # Another module can call it with something else.
    assert found.is_guess


@pytest.mark.parametrize("text", RETURNED)
def test_objects_that_a_function_returns(tmp_path: Path, text: str) -> None:
    (found,) = [each for each in uses(tmp_path, f"from kit import Wrapper\n{text}") if each.references[0].shown == PLAN]
    assert found.is_guess


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def f(w, x):\n    x.plan(w)\nf(Wrapper(1), 2)\n", id="another parameter"),
        pytest.param("def f(w):\n    w = 1\n    w.plan(1)\nf(Wrapper(1))\n", id="a parameter that is bound again"),
        pytest.param("def f(w):\n    w.plan(1)\nf(*[Wrapper(1)])\n", id="behind a star"),
        pytest.param("def f(call):\n    call.plan(1)\nf(Wrapper)\n", id="a class, which is no object"),
        pytest.param("def f(w: int):\n    pass\ndef g(w):\n    w.plan(1)\nf(Wrapper(1))\n", id="another function"),
    ],
)
def test_what_is_not_given(tmp_path: Path, text: str) -> None:
    found = uses(tmp_path, f"from kit import Wrapper\n{text}")
    assert PLAN not in [each.references[0].shown for each in found]


def test_a_stated_type_counts_more_than_what_is_returned(tmp_path: Path) -> None:
    text = "from kit import Other, Wrapper\ndef make() -> Other:\n    return Wrapper(1)\ndef f():\n    make().plan(1)\n"
    assert "kit.Other.plan" in [each.references[0].shown for each in uses(tmp_path, text)]
