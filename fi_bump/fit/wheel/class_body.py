"""The attributes of a class, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from fi_bump.fit.syntax import AnyFunction, decorator_names, walk

_ENUMERATIONS = frozenset(["Enum", "IntEnum", "StrEnum", "IntFlag", "Flag"])


@lru_cache(maxsize=4096)
def members(node: ast.ClassDef) -> tuple[tuple[str, ast.AST], ...]:
    """The attributes of a class with their sources: of its body, and those that its methods give to `self`.

    The last definition of a name in the body counts; overloads do not.
    """
    found: dict[str, ast.AST] = {}
    methods: list[AnyFunction] = []
    for statement in _flat(node.body):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                methods.append(statement)
                if "overload" not in decorator_names(statement):
                    found[statement.name] = statement
            case ast.ClassDef():
                found[statement.name] = statement
            case ast.Assign():
                found |= {each.id: statement.value for each in statement.targets if isinstance(each, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = statement
    given: dict[str, ast.AST] = {}
    for method in methods:
        if not method.args.args:
            continue
        first = method.args.args[0].arg
        for each in walk(method):
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store) and _is(each.value, first):
                given.setdefault(each.attr, each)
    return (*found.items(), *((name, each) for name, each in given.items() if name not in found))


@lru_cache(maxsize=4096)
def gives_any_attribute(node: ast.ClassDef) -> bool:
    """Whether a method gives its object attributes whose names are not written there: `setattr(self, name, value)`."""
    for statement in _flat(node.body):
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) or not statement.args.args:
            continue
        first = statement.args.args[0].arg
        for each in walk(statement):
            match each:
                case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=name), key, *_]) if name == first:
                    if not isinstance(key, ast.Constant):
                        return True
                case ast.Attribute(value=ast.Name(id=name), attr="__dict__") if name == first:
                    return True
    return False


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a class body, those below an `if` or a `try` included."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.If, ast.Try)):
            yield from _flat(statement.body)
            yield from _flat(statement.orelse)
            for handler in getattr(statement, "handlers", ()):
                yield from _flat(handler.body)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def base_names(node: ast.ClassDef) -> set[str]:
    """The last names of the bases: `Enum` for `enum.Enum`, `Generic` for `typing.Generic[T]`."""
    return {ast.unparse(each).partition("[")[0].rpartition(".")[2] for each in node.bases}


def is_enumeration(node: ast.ClassDef) -> bool:
    """Whether the class lists its members in its body and takes no others."""
    return not base_names(node).isdisjoint(_ENUMERATIONS)
