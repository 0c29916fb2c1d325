"""Tests of tools/layers.py with small packages: imports, upward imports, and every kind of circle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import plant
from tools import layers

TOP = Path(__file__).parents[2]


def layout(root: Path, files: dict[str, str]) -> layers.Layout:
    """Return the layout of a package `fi_bump` with these files."""
    plant(root / "fi_bump", {file: text.encode() for file, text in files.items()})
    return layers.read_layout(root / "fi_bump")


def arrows(root: Path, files: dict[str, str]) -> list[str]:
    """Return the imports between these files, as sentences."""
    return list(map(str, layout(root, files).arrows))


EMPTY = {"a/__init__.py": "", "a/b.py": "", "a/c.py": "", "d.py": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("import fi_bump.a.b", ["a/b.py"], id="a module"),
        pytest.param("import os, fi_bump.d as e", ["d.py"], id="under another name, beside a library"),
        pytest.param("from fi_bump.a import b", ["a/b.py"], id="a module from its folder"),
        pytest.param("from fi_bump.a import b, name", ["a/__init__.py", "a/b.py"], id="and a name from the folder"),
        pytest.param("from fi_bump.a.b import name", ["a/b.py"], id="a name of a module"),
        pytest.param("from fi_bump import d", ["d.py"], id="a flat module"),
        pytest.param("def f():\n    if 1:\n        from fi_bump.a.c import x", ["a/c.py"], id="inside a function"),
        pytest.param("if TYPE_CHECKING:\n    from fi_bump.d import x", ["d.py"], id="for type checkers only"),
        pytest.param("__import__('fi_bump.a.b')", ["a/b.py"], id="by a text"),
        pytest.param("__import__(f'fi_bump.a.{x}', fromlist='f')", ["a/b.py", "a/c.py"], id="any module of a folder"),
        pytest.param("import os\nfrom fi_bumper import d", [], id="another package"),
        pytest.param("# import fi_bump.d\n'import fi_bump.d'", [], id="a comment and a text"),
    ],
)
def test_what_counts_as_an_import(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert arrows(tmp_path, {**EMPTY, "x.py": text}) == [f"x.py imports {file}" for file in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("from .c import x", ["a/b.py imports a/c.py"], id="a neighbour"),
        pytest.param("from . import c", ["a/b.py imports a/c.py"], id="a neighbour from the folder"),
        pytest.param("from . import x", ["a/b.py imports a/__init__.py"], id="a name from the folder"),
        pytest.param("from ..d import x", ["a/b.py imports d.py"], id="a flat module"),
    ],
)
def test_relative_imports(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert arrows(tmp_path, {**EMPTY, "a/b.py": text}) == expected


SMALL = (("cli",), ("commands", "report"), ("errors",))


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        pytest.param("cli/set.py", "import fi_bump.commands.set, fi_bump.errors", [], id="downward"),
        pytest.param("cli/x.py", "import fi_bump.cli.set", [], id="inside a folder"),
        pytest.param(
            "errors.py",
            "def f():\n    from fi_bump.cli.set import x",
            ["errors.py imports cli/set.py, which is in a higher layer"],
            id="upward, inside a function",
        ),
        pytest.param(
            "report/x.py",
            "from fi_bump.commands import set",
            ["report/x.py imports commands/set.py, which is in its own layer"],
            id="sideways",
        ),
    ],
)
def test_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, expected: list[str]) -> None:
    monkeypatch.setattr(layers, "LAYERS", SMALL)
    tree = {"cli/set.py": "", "commands/set.py": "", "report/finding_lines.py": "", "errors.py": "", file: text}
    assert layers.upward(layout(tmp_path, tree)) == expected


def test_a_unit_has_one_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "LAYERS", (("cli", "errors"), ("errors", "gone")))
    assert layers.wrong_layers(layout(tmp_path, {"cli/set.py": "", "errors.py": "", "new/x.py": ""})) == [
        "new has no layer: give it one in tools/layers.py",
        "gone has a layer in tools/layers.py and does not exist",
        "errors has two layers in tools/layers.py",
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a.py": "import fi_bump.b", "b.py": "import fi_bump.c", "c.py": ""}, [], id="a chain"),
        pytest.param(
            {"a.py": "import fi_bump.b", "b.py": "import fi_bump.a"},
            ["a.py imports b.py and b.py imports a.py"],
            id="two files",
        ),
        pytest.param(
            {"x/a.py": "import fi_bump.x.b", "x/b.py": "import fi_bump.x.c", "x/c.py": "import fi_bump.x.a"},
            ["x/a.py imports x/b.py and x/b.py imports x/c.py and x/c.py imports x/a.py"],
            id="three files of a folder",
        ),
        pytest.param(
            {"x/a.py": "import fi_bump.y.a", "y/b.py": "import fi_bump.x.b", "y/a.py": "", "x/b.py": ""},
            ["x/a.py imports y/a.py and y/b.py imports x/b.py"],
            id="two folders, no circle of files",
        ),
        pytest.param(
            {"x/a.py": "import fi_bump.b", "b.py": "import fi_bump.x.c", "x/c.py": ""},
            ["b.py imports x/c.py and x/a.py imports b.py"],
            id="a folder and a flat module",
        ),
        pytest.param(
            {"z/x/a.py": "import fi_bump.z.y.a", "z/y/b.py": "import fi_bump.z.x.b", "z/y/a.py": "", "z/x/b.py": ""},
            ["z/x/a.py imports z/y/a.py and z/y/b.py imports z/x/b.py"],
            id="two folders of a folder",
        ),
        pytest.param(
            {"x/__init__.py": "import fi_bump.x.a", "x/a.py": "from fi_bump.x import name"},
            ["x/__init__.py imports x/a.py and x/a.py imports x/__init__.py"],
            id="a folder's first file and another",
        ),
        pytest.param(
            {
                "a.py": "import fi_bump.b",
                "b.py": "import fi_bump.a",
                "c.py": "import fi_bump.d, fi_bump.a",
                "d.py": "import fi_bump.c",
            },
            ["a.py imports b.py and b.py imports a.py", "c.py imports d.py and d.py imports c.py"],
            id="two circles",
        ),
        pytest.param(
            {"a.py": "import fi_bump.b, fi_bump.c", "b.py": "import fi_bump.a", "c.py": "import fi_bump.a"},
            ["a.py imports b.py and b.py imports a.py"],
            id="one of two circles with a common file",
        ),
    ],
)
def test_cycles(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert layers.cycles(layout(tmp_path, files)) == expected


def script(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script as a developer does."""
    return subprocess.run([sys.executable, TOP / "tools" / "layers.py", *arguments], capture_output=True, text=True)


@pytest.mark.slow
def test_the_script_prints_this_package_and_finds_nothing_wrong() -> None:
    done = script()
    now = layers.read_layout()
    between = sum(map(len, now.unit_arrows.values()))
    assert done.stdout.splitlines()[: len(layers.LAYERS) + 2] == [
        "layers, from the top:",
        *(f"  {' '.join(layer)}" for layer in layers.LAYERS),
        "arrows:",
    ]
    assert f"  repository -> {' '.join(now.unit_arrows['repository'])}\n" in done.stdout
    assert done.stdout.splitlines()[-6:] == [
        f"imports between files: {len(now.arrows)} in {len(now.files)} files",
        f"arrows between folders and flat modules: {between} over {len(now.units)}",
        f"flat modules besides __init__ and __main__: {len(now.flat)} (at most 16)",
        "upward: 0",
        "cycles: 0",
        "wrong layers: 0",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_fails_for_an_import_that_breaks_the_order(tmp_path: Path) -> None:
    files = {f"{name}.py": b"" for layer in layers.LAYERS for name in layer}
    plant(tmp_path / "fi_bump", {**files, "errors.py": b"import fi_bump.lock", "lock.py": b"import fi_bump.errors"})
    done = script(tmp_path / "fi_bump")
    assert done.stdout.splitlines()[-5:] == [
        "upward: 1",
        "  errors.py imports lock.py, which is in a higher layer",
        "cycles: 1",
        "  errors.py imports lock.py and lock.py imports errors.py",
        "wrong layers: 0",
    ]
    assert done.returncode == 1
