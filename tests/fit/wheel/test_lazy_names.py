"""The names that `__getattr__` can give, against modules that are run."""

from __future__ import annotations

import types

import pytest

from fi_bump.fit.wheel.library import Library
from fi_bump.fit.wheel.modules import ModuleCode
from tests.fit.folder import Folder

RAISE = "    raise AttributeError(name)\n"
KNOWN = [
    ("def __getattr__(name):\n    if name == 'a':\n        return 1\n", {"a"}),
    (
        "def __getattr__(name: str):\n    'Doc.'\n    if name in {'a', 'b'}:\n        import json\n        return json\n",
        {"a", "b"},
    ),
    (
        "T = frozenset({'a'})\ndef __getattr__(name):\n    if name in T:\n        globals()[name] = 1\n        return 1\n",
        {"a"},
    ),
    (
        "S = frozenset({'a'})\nT = frozenset({'b'}) | S\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
        {"a", "b"},
    ),
    (
        "S = {'a': 1}\nT = {**S, 'b': 2}\n__all__ = list(T)\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
        {"a", "b"},
    ),
    (
        "S = ('a',)\nT = [*S, 'b']\nfor each in T:\n    pass\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
        {"a", "b"},
    ),
    (
        "T: dict[str, int] = {'a': 1}\ndef __getattr__(name):\n    found = T.get(name)\n    if found is not None:\n        return found\n",
        {"a"},
    ),
    ("T = {'a': 1}\ndef __getattr__(name):\n    found = T.get(name)\n    if found:\n        return found\n", {"a"}),
    ("def __getattr__(name):\n    if name == 'a' or name in ('b',):\n        return 1\n", {"a", "b"}),
    (
        "def __getattr__(name):\n    if name == 'a':\n        return 1\n    elif name == 'b':\n        return 2\n    else:\n    "
        + RAISE,
        {"a", "b"},
    ),
]
REFUSING = [
    ("T = {'a': 1}\ndef __getattr__(name):\n    if name not in T:\n    " + RAISE + "    return T[name]\n", {"a"}),
    (
        "T = {'a': 1}\ndef __getattr__(name):\n    try:\n        found = T[name]\n    except KeyError:\n        raise AttributeError(name) from None\n    return found\n",
        {"a"},
    ),
    (
        "T = {'a': 1}\ndef __getattr__(name):\n    found = T.get(name)\n    if found is None:\n    "
        + RAISE
        + "    return found\n",
        {"a"},
    ),
    (
        "T = {'a': 1}\ndef __getattr__(name):\n    found = T.get(name)\n    if not found:\n    "
        + RAISE
        + "    return found\n",
        {"a"},
    ),
]
ANY = [
    "def __getattr__(name):\n    return 1\n",
    "def __getattr__(name):\n    if name.startswith('f'):\n        return 1\n",
    "def load():\n    globals()['fresh'] = 1\ndef __getattr__(name):\n    load()\n    if name in globals():\n        return globals()[name]\n",
    "T = {'a': 1}\nT['fresh'] = 2\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
    "T = {'a'}\nT.add('fresh')\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
    "T = {'a'}\nT |= {'fresh'}\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
    "def more(table):\n    table.add('fresh')\nT = {'a'}\nmore(T)\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
    "T = {'a'}\nother = T\nother.add('fresh')\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
    "T = {'a'}\nif T:\n    T = {'fresh'}\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
    "T = {each for each in ('fresh',)}\ndef __getattr__(name):\n    if name in T:\n        return 1\n",
    "def __getattr__(name):\n    name = 'a'\n    if name == 'a':\n        return 1\n",
    "def __getattr__(name):\n    if name != 'a':\n        return 1\n",
    "def __getattr__(*names):\n    if names[0] in ('a', 'fresh'):\n        return 1\n",
    "def __getattr__(name):\n    for each in ('fresh',):\n        if each == name:\n            return 1\n",
    "def made(name):\n    return 1\n__getattr__ = made\n",
    "def always(function):\n    return lambda name: 1\n@always\ndef __getattr__(name):\n    if name == 'a':\n        return 1\n",
    "T = {'a': 1}\ndef __getattr__(name):\n    found = T.get(name, 1)\n    if found is not None:\n        return found\n",
]


def run(text: str) -> types.ModuleType:
    """The module itself."""
    module = types.ModuleType("kit")
    exec(text, module.__dict__)
    return module


@pytest.mark.parametrize(("text", "names"), [*((text + RAISE, names) for text, names in KNOWN), *REFUSING])
def test_a_table_that_is_written_out(text: str, names: set[str]) -> None:
    code = ModuleCode("kit", text.encode(), is_package=True)
    assert ({*code.lazy}, code.is_dynamic) == (names, False)
    # The module agrees: it has these names and no other one.
    assert all(hasattr(run(text), name) for name in names)
    assert not hasattr(run(text), "fresh")
    library = Library(Folder({"kit/__init__.py": text, "kit/part.py": ""}))
    assert [library.find("kit", (name,)).is_missing for name in sorted(names)] == [False] * len(names)
    assert library.find("kit", ("fresh",)).is_missing
    assert not library.find("kit", ("part",)).is_missing


@pytest.mark.parametrize("text", [text + ("" if text.endswith("made\n") else RAISE) for text in ANY])
def test_what_is_not_understood_may_give_any_name(text: str) -> None:
    assert hasattr(run(text), "fresh")
    code = ModuleCode("kit", text.encode(), is_package=True)
    assert (code.lazy, code.is_dynamic) == (frozenset(), True)
    assert not Library(Folder({"kit.py": text})).find("kit", ("fresh",)).is_missing


def test_names_that_the_module_makes_elsewhere_are_not_known_either() -> None:
    text = "globals()['fresh'] = 1\ndef __getattr__(name):\n    if name == 'a':\n        return 1\n" + RAISE
    code = ModuleCode("kit", text.encode(), is_package=True)
    assert ({*code.lazy}, code.is_dynamic) == ({"a"}, True)


def test_tables_without_an_end() -> None:
    deep = " | ".join(["{'a'}"] * 800)
    text = f"T = {deep}\ndef __getattr__(name):\n    if name in T:\n        return 1\n{RAISE}"
    assert ModuleCode("kit", text.encode(), is_package=True).is_dynamic
    circle = f"S = T | {{'a'}}\nT = S | {{'b'}}\ndef __getattr__(name):\n    if name in T:\n        return 1\n{RAISE}"
    assert ModuleCode("kit", circle.encode(), is_package=True).is_dynamic
