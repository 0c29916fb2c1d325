"""Walks through syntax trees, with Python's own as the oracle."""

from __future__ import annotations

import ast
import json.decoder
import typing
from pathlib import Path

import pytest

from fi_bump.fit.syntax import functions, walk

SOURCES = [Path(module.__file__ or "") for module in (ast, json.decoder, typing)]
EMPTY = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_walk_finds_all_but_operators_and_contexts(path: Path) -> None:
    tree = ast.parse(path.read_bytes())
    expected = [node for node in ast.walk(tree) if not isinstance(node, EMPTY)]
    # The operand of `not` and of a sum is found, the operator is not.
    assert {*map(id, walk(tree))} == {*map(id, expected)}
    assert len(walk(tree)) == len(expected)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_functions_are_those_of_any_depth(path: Path) -> None:
    tree = ast.parse(path.read_bytes())
    expected = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert {*map(id, functions(tree))} == {*map(id, expected)}
    assert len(expected) > 3


def test_functions_below_every_statement() -> None:
    text = """\
class C:
    def a(): ...
if x:
    def b(): ...
else:
    def c(): ...
try:
    def d(): ...
except E:
    async def e(): ...
else:
    def f(): ...
finally:
    def g(): ...
with x:
    def h(): ...
match x:
    case 1:
        def i(): ...
for x in y:
    def j():
        def k(): ...
"""
    assert sorted(each.name for each in functions(ast.parse(text))) == list("abcdefghijk")
