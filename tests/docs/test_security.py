"""Each promise of docs/security.md names a test, and each of these tests exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/.]+)::(\w+)`", PAGE)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_exists(file: str, name: str) -> None:
    module = ast.parse((TOP / file).read_bytes())
    assert name in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_every_promise_names_a_test() -> None:
    # A paragraph that begins with bold words is a promise.
    promises = re.findall(r"^\*\*(.+?)\*\*(.*?)(?=^\*\*|^#|^What|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert len(promises) >= 30
    assert [first for first, rest in promises if "`tests/" not in rest] == []
