"""Small questions to Python's syntax trees, for both sides of the comparison."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


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
