"""Test that docs/design.md names every unit, the layers in their order, and only files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import layers

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/design.md").read_text()
LAYOUT = layers.read_layout()
FOLDERS = {file.rpartition("/")[0] for file in LAYOUT.files} - {""}
# The rows with two columns; the table of other packages has three.
ROWS = re.findall(r"^\| `([\w/]+)` \| ([^|]+) \|$", PAGE, re.MULTILINE)


def test_the_table_has_every_folder_and_flat_module_once_and_nothing_else() -> None:
    flat = set(LAYOUT.flat) | {"__init__", "__main__"}
    assert sorted(name for name, _ in ROWS) == sorted({f"{folder}/" for folder in FOLDERS} | flat)


def test_the_layers_are_those_of_the_script() -> None:
    block = re.search(r"<!-- layers -->\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    assert block[1] == "".join("  ".join(layer) + "\n" for layer in layers.LAYERS)


def test_only_commands_import_the_reports() -> None:
    importers = {arrow.importer for arrow in LAYOUT.arrows if layers.unit(arrow.imported) == "report"}
    # The command line lists the output formats.
    assert {layers.unit(name) for name in importers} == {"cli", "commands", "report"}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/*]+\.(?:py|md|json|lock))`", PAGE))))
def test_each_file_that_the_page_names_exists(name: str) -> None:
    places = [TOP, TOP / "fi_bump"]
    assert any(list(place.glob(name)) for place in places)


@pytest.mark.parametrize(
    ("file", "name"), re.findall(r"`([\w/]+\.py)` \(`(\w+)`\)", PAGE) + [("editing/plan.py", "make_plan")]
)
def test_each_function_that_the_page_names_exists(file: str, name: str) -> None:
    assert re.search(rf"^ *def {name}\(", (TOP / "fi_bump" / file).read_text(), re.MULTILINE)
