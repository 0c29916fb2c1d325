"""The names that the `__getattr__` of a module can give: it is followed for a name that its tests do not mention.

Most of them look a name up in a table that is written out, and raise AttributeError for every other one. What is not
understood is not known: then any name may be there.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TypeAlias

from fi_bump.fit.syntax import AnyFunction, last_name, walk

# The texts that a table at the top level of a module holds, by the table's name; None where they are not known.
Tables: TypeAlias = Callable[[str], "frozenset[str] | None"]
# Calls that make a table of what they are given, and calls that leave a table as it is.
_MAKING = frozenset(["frozenset", "set", "tuple", "list", "dict", "sorted", "MappingProxyType"])
_READING = _MAKING | {"len", "iter", "repr", "str", "enumerate", "map", "globals", "dir"}
_READERS = frozenset(["get", "keys", "values", "items", "copy", "index", "count", "union"])


class _Unclear(Exception):
    """It is not known what a statement does with a name."""


class _Missing(Exception):
    """The name is not in the module."""


def lazy_names(function: AnyFunction, tables: Tables) -> frozenset[str] | None:
    """The names that `__getattr__` may find; None where it may find any."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    if len(arguments) != 1 or function.args.vararg is not None or function.args.kwarg is not None:
        return None
    asked = _Asked(arguments[0].arg, tables)
    try:
        asked.block(function.body)
    except _Missing:
        return frozenset(asked.names)
    except (_Unclear, RecursionError):
        return None
    return None  # it returns something


class _Asked:
    """Runs the statements of `__getattr__` for a name that is not in its tests and tables, whose texts are `names`."""

    def __init__(self, name: str, tables: Tables) -> None:
        self._name = name
        self._tables = tables
        # What `TABLE.get(name)` was assigned to.
        self._none: set[str] = set()
        self.names: set[str] = set()

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Raises _Missing where the name is certainly not found, and _Unclear where that is not known."""
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Import() | ast.ImportFrom():
                pass
            case ast.If():
                self.block(node.body if self._holds(node.test) else node.orelse)
            case ast.Raise(exc=ast.expr() as error):
                raised = last_name(error.func if isinstance(error, ast.Call) else error)
                raise _Missing if raised == "AttributeError" else _Unclear
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound != self._name and self._gives_none(
                value
            ):
                self._none.add(bound)
            case ast.Try(
                body=[ast.Assign(value=value)], handlers=[ast.ExceptHandler(type=ast.Name(id="KeyError"))]
            ) if self._fails(value):
                self.block(node.handlers[0].body)
            case _:
                raise _Unclear

    def _holds(self, test: ast.expr) -> bool:
        """What a test says of the name."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return not self._holds(inner)
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(map(self._holds, parts))
            case ast.BoolOp(op=ast.Or(), values=parts):
                return any(map(self._holds, parts))
            case ast.Compare(
                left=ast.Name(id=left),
                ops=[ast.Eq() | ast.NotEq() as operator],
                comparators=[ast.Constant(value=str() as text)],
            ) if left == self._name:
                self.names.add(text)
                return isinstance(operator, ast.NotEq)
            case ast.Compare(left=ast.Name(id=left), ops=[ast.In() | ast.NotIn() as operator], comparators=[table]) if (
                left == self._name
            ):
                self._look_up(table)
                return isinstance(operator, ast.NotIn)
            case ast.Compare(
                left=ast.Name(id=left), ops=[ast.Is() | ast.IsNot() as operator], comparators=[ast.Constant(value=None)]
            ) if left in self._none:
                return isinstance(operator, ast.Is)
            case ast.Name(id=name) if name in self._none:
                return False
        raise _Unclear

    def _look_up(self, table: ast.expr) -> None:
        found = texts(table, self._tables)
        if found is None:
            raise _Unclear
        self.names |= found

    def _gives_none(self, value: ast.expr) -> bool:
        match value:
            case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[ast.Name(id=name)], keywords=[]) if (
                name == self._name
            ):
                self._look_up(table)
                return True
        return False

    def _fails(self, value: ast.expr) -> bool:
        match value:
            case ast.Subscript(value=table, slice=ast.Name(id=name)) if name == self._name:
                self._look_up(table)
                return True
        return False


def texts(node: ast.expr, tables: Tables) -> frozenset[str] | None:
    """The texts that a table holds, a dict's keys; None where they are not known."""
    match node:
        case ast.Name(id=name):
            return tables(name)
        case ast.Dict(keys=keys, values=values):
            parts = [value if key is None else key for key, value in zip(keys, values, strict=True)]
            return _joined(parts, {id(value) for key, value in zip(keys, values, strict=True) if key is None}, tables)
        case ast.Set(elts=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            spread = {id(each.value) for each in parts if isinstance(each, ast.Starred)}
            return _joined([each.value if isinstance(each, ast.Starred) else each for each in parts], spread, tables)
        case ast.BinOp(left=left, op=ast.BitOr() | ast.Add(), right=right):
            return _joined([left, right], {id(left), id(right)}, tables)
        case ast.Call(func=function, args=[inner], keywords=[]) if last_name(function) in _MAKING:
            return texts(inner, tables)
        case ast.Call(func=ast.Attribute(value=inner, attr="keys"), args=[], keywords=[]):
            return texts(inner, tables)
    return None


def _joined(parts: Iterable[ast.expr], spread: set[int], tables: Tables) -> frozenset[str] | None:
    """The texts of the parts of a table, and of other tables that are spread in it."""
    found: set[str] = set()
    for each in parts:
        if id(each) in spread:
            inner = texts(each, tables)
            if inner is None:
                return None
            found |= inner
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.add(each.value)
        else:
            return None
    return frozenset(found)


def is_only_read(name: str, tree: ast.Module) -> bool:
    """Whether a table at the top level keeps what it is made with: it is bound once, and nothing that may change it
    gets it.
    """
    nodes = walk(tree)
    mentions = sum(isinstance(node, ast.Name) and node.id == name for node in nodes)
    return mentions == 1 + sum(
        isinstance(each, ast.Name) and each.id == name for node in nodes for each in _read_by(node)
    )


def _read_by(node: ast.AST) -> Iterable[ast.expr | None]:
    """The expressions below a node that it reads and does not hand on."""
    match node:
        case ast.Compare(left=left, comparators=others):
            return (left, *others)
        case ast.Subscript(value=value, ctx=ast.Load()) | ast.Starred(value=value, ctx=ast.Load()):
            return (value,)
        case ast.Attribute(value=value, attr=attribute) if attribute in _READERS:
            return (value,)
        case ast.Call(func=function, args=given) if last_name(function) in _READING:
            return given
        case ast.Dict(keys=keys, values=values):
            return [value for key, value in zip(keys, values, strict=True) if key is None]
        case ast.BinOp(left=left, right=right):
            return (left, right)
        case ast.For(iter=value) | ast.comprehension(iter=value):
            return (value,)
    return ()
