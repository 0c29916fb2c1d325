"""Private parts of the standard library and of other packages: which ones are used, and what holds without them."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import fi_bump

PACKAGE = Path(fi_bump.__file__).parent
ROOT = PACKAGE.parent
# Each private part, and the test of what happens in a Python without it. An entry that is no longer true fails too.
PRIVATE = {
    ("index/configuration.py", "pip._internal.models.index"): (
        "tests/index/test_configuration.py::test_the_default_is_the_one_that_pip_names"
    ),
    ("records.py", "collections._tuplegetter"): (
        "tests/test_records.py::test_without_the_private_part_of_the_standard_library"
    ),
}


def is_private(dotted: str) -> bool:
    return any(part.startswith("_") and not part.startswith("__") for part in dotted.split("."))


def private_parts(source: str) -> set[str]:
    """Return the private modules and names of other packages that a source imports, reads or names for an import."""
    tree = ast.parse(source)
    imported = dict(bindings(tree))
    found = set(imported.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            first, _, rest = name.partition(".")
            if first in imported and all(map(str.isidentifier, name.split("."))):
                found.add(f"{imported[first]}.{rest}")
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[-1], ast.Constant):
            called = ast.unparse(node.func)
            if called in ("importlib.import_module", "import_module", "__import__"):
                found.add(str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else "")
            elif called in ("getattr", "hasattr") and ast.unparse(node.args[0]) in imported:
                found.add(f"{imported[ast.unparse(node.args[0])]}.{node.args[1].value}")  # type: ignore[attr-defined]
    return {name for name in found if is_private(name) and name.partition(".")[0] != "fi_bump"}


def bindings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each name that a module binds by an import, and what it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                whole = each.asname is not None
                yield each.asname or each.name.partition(".")[0], each.name if whole else each.name.partition(".")[0]
                if is_private(each.name):
                    yield each.name, each.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import _thread", {"_thread"}),
        ("import os\nos._exit(1)", {"os._exit"}),
        ("import os as system\nsystem.path._joinrealpath", {"os.path._joinrealpath"}),
        ("from collections import _tuplegetter as get", {"collections._tuplegetter"}),
        (
            "from concurrent.futures import thread\nthread._threads_queues.clear()",
            {"concurrent.futures.thread._threads_queues"},
        ),
        ("import collections\ngetattr(collections, '_tuplegetter', None)", {"collections._tuplegetter"}),
        ("import importlib\nimportlib.import_module('pip._internal.cli')", {"pip._internal.cli"}),
        ("import pip._internal.cli", {"pip._internal.cli"}),
        ("import os\nos.__name__, self._own, record._replace(a=1)\nfrom fi_bump.pins import _own", set()),
        ("import re\nre.escape(self._own).replace('a', 'b')", set()),
        ("from ._own import thing", set()),
    ],
)
def test_what_is_a_private_part(source: str, expected: set[str]) -> None:
    parts = private_parts(source)
    # A method of a private part is private too; one of both is enough.
    assert {name for name in parts if not any(name.startswith(f"{other}.") for other in parts)} == expected


@pytest.mark.slow
def test_each_private_part_has_a_test_of_what_holds_without_it() -> None:
    found = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        for name in private_parts(path.read_text(encoding="utf-8"))
    }
    assert found == set(PRIVATE)
    for test in PRIVATE.values():
        file, _, name = test.partition("::")
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        assert callable(getattr(module, name))
