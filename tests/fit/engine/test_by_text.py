"""What the text of files imports of a package."""

from __future__ import annotations

import pytest

from fi_bump.fit.engine.by_text import imported_by_text


def found(text: bytes, tops: frozenset[str] = frozenset(["kit"])) -> set[str]:
    """The names as a reader writes them."""
    return {each.shown for each in imported_by_text([text], tops)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"import kit\n", {"kit"}),
        (b"    import kit.ops.fast as fast\n", {"kit.ops.fast"}),
        (b"from kit import add, sub as minus\n", {"kit", "kit.add", "kit.sub"}),
        (
            b"from kit.ops import (\n    add,  # (sums\n    sub as minus,\n)\n",
            {"kit.ops", "kit.ops.add", "kit.ops.sub"},
        ),
        (b"from kit.ops import *; x = 1\n", {"kit.ops"}),
        (b'add = lazy("kit.ops", "add")\n', {"kit.ops.add"}),
        (b"rows = [('kit', 'add')]\n", {"kit.add"}),
        (b"import kitchen\nfrom kitchen.kit import add\nfrom .kit import add\n", set()),
        (b"from kit import\nimport\nfrom kit", {"kit"}),
        (b'"kit", "two words"\n"kit", "\xff"\n', set()),
    ],
)
def test_what_a_text_imports(text: bytes, names: set[str]) -> None:
    assert found(text) == names


def test_every_name_of_a_package_counts() -> None:
    tops = frozenset(["kit", "kit_extra"])
    assert found(b"from kit_extra import a\nfrom kit.b import c\n", tops) == {
        "kit_extra",
        "kit_extra.a",
        "kit.b",
        "kit.b.c",
    }
