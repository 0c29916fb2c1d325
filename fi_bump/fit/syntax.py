"""Small questions to Python's syntax trees, for both sides of the comparison."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
# Where a node has statements, or nodes that have some.
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
# Fields that hold operators, contexts and texts.
_EMPTY = frozenset(["ctx", "op", "ops", "kind", "type_comment", "type_ignores", "id", "attr", "arg"])
_LEAVES = frozenset([ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.alias, ast.Global, ast.Nonlocal])
_FIELDS: dict[type, tuple[str, ...]] = {}
Guarded = tuple[ast.stmt, tuple[ast.expr, ...]]


@lru_cache(maxsize=4096)
def parsed(data: bytes) -> ast.Module | None:
    """The syntax tree, or None for what this Python cannot parse.

    Most modules are the same in two releases, and are parsed once. Nobody may change a tree.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def absolute(package: str, level: int, module: str | None) -> str:
    """The full name of the module that `from …module import` names inside a package; `level` counts the dots."""
    if level == 0:
        return module or ""
    base = package
    for _ in range(level - 1):
        base = base.rpartition(".")[0]
    return f"{base}.{module}" if module else base


def guarded(body: Iterable[ast.stmt], conditions: tuple[ast.expr, ...] = ()) -> Iterator[Guarded]:
    """The statements of a block, at any depth, each with the tests that lead to it; not those of inner functions."""
    for statement in body:
        yield statement, conditions
        match statement:
            case ast.If(test=test):
                yield from guarded(statement.body, (*conditions, test))
                yield from guarded(statement.orelse, (*conditions, ast.UnaryOp(ast.Not(), test)))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Match(cases=cases):
                for case in cases:
                    yield from guarded(case.body, conditions)
            case _:
                for name in ("body", "orelse", "finalbody"):
                    yield from guarded(getattr(statement, name, []), conditions)
                for handler in getattr(statement, "handlers", []):
                    yield from guarded(handler.body, conditions)


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below a node, without operators and contexts, which are half of all and hold nothing."""
    found: list[ast.AST] = []
    values = node.__dict__
    for name in _fields(node.__class__):
        value = values.get(name)
        if value.__class__ is list:
            found += _nodes(value)
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all below it, as `children` finds them: much faster than `ast.walk`."""
    # What `children` does is written out here: most of the time of a comparison goes through this loop.
    found = [node]
    for each in found:
        fields = _FIELDS.get(each.__class__)
        if fields is None:
            fields = _fields(each.__class__)
        if not fields:
            continue
        values = each.__dict__
        for name in fields:
            value = values.get(name)
            if value.__class__ is list:
                if value:
                    found += _nodes(value)
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node in which there can be other nodes."""
    found = _FIELDS.get(kind)
    if found is None:
        found = () if kind in _LEAVES else tuple(each for each in kind._fields if each not in _EMPTY)
        _FIELDS[kind] = found
    return found


def _nodes(values: list[Any]) -> list[ast.AST]:
    """The nodes in a list of a node: all of it, but for texts (`global a`) and the missing keys of a dict."""
    if values and isinstance(values[0], ast.AST) and None not in values:
        return values
    return [each for each in values if isinstance(each, ast.AST)]


def functions(tree: ast.Module) -> list[AnyFunction]:
    """Every function of a module, at any depth, the outer ones first; expressions are not looked through."""
    found: list[AnyFunction] = []
    left: list[ast.AST] = [tree]
    while left:
        inner: list[ast.AST] = []
        for node in left:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append(node)
            for name in _BLOCKS:
                inner += getattr(node, name, ())
        left = inner
    return found


def message(node: ast.expr | None) -> str | None:
    """The text that an error or a warning is made with, with what is put into it as `…`."""
    if isinstance(node, ast.Call):
        node = node.args[0] if node.args else None
    match node:
        case ast.Constant(value=str() as text):
            return " ".join(text.split())
        case ast.JoinedStr(values=parts):
            pieces = [str(each.value) if isinstance(each, ast.Constant) else "…" for each in parts]
            return " ".join("".join(pieces).split())
    return None


def dotted(node: ast.expr) -> str | None:
    """The text of a chain of names, or None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return None if base is None else f"{base}.{node.attr}"
    return None


def last_name(node: ast.expr) -> str:
    """`update` of `a.b.update`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def decorator_names(node: AnyFunction | ast.ClassDef) -> Iterator[str]:
    """The last name of each decorator: `cache` for `@functools.cache`, `api` for `@api(trace=t)`."""
    return (last_name(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list)
