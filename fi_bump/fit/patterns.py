"""Patterns over syntax trees that are written as Python expressions.

`_` is any expression, `...` before or behind the other arguments is any number of arguments, and `EXPERTS` is a name
that counts experts. Keywords of a pattern must be there; others may be.
"""

from __future__ import annotations

import ast
import re
from functools import cache

_EXPERTS = re.compile(r"expert|\A[eE]\Z", re.IGNORECASE)


@cache
def pattern(text: str) -> ast.expr:
    """The pattern that a text writes. Raises SyntaxError for a text that is no expression."""
    return ast.parse(text, mode="eval").body


def matches(wanted: ast.expr, node: ast.AST) -> bool:
    """Whether a node is what a pattern says."""
    match wanted, node:
        case ast.Name(id="_"), ast.expr():
            return True
        case ast.Name(id="EXPERTS"), ast.Name(id=name) | ast.Attribute(attr=name):
            return _EXPERTS.search(name) is not None
        case ast.Constant(value=one), ast.Constant(value=other):
            return type(one) is type(other) and one == other
        case ast.Name(id=one), ast.Name(id=other):
            return one == other
        case ast.Attribute(value=base, attr=one), ast.Attribute(value=other_base, attr=other):
            return one == other and matches(base, other_base)
        case ast.BinOp(left=left, op=operator, right=right), ast.BinOp(left=l, op=o, right=r):
            return type(operator) is type(o) and matches(left, l) and matches(right, r)
        case ast.Tuple(elts=parts), ast.Tuple(elts=others) | ast.List(elts=others):
            return len(parts) == len(others) and all(map(matches, parts, others))
        case ast.Call(), ast.Call():
            return _call(wanted, node)
    return False


def _call(wanted: ast.Call, node: ast.Call) -> bool:
    if not matches(wanted.func, node.func):
        return False
    given = {word.arg: word.value for word in node.keywords}
    for word in wanted.keywords:
        if word.arg not in given or not matches(word.value, given[word.arg]):
            return False
    return _arguments(wanted.args, node.args) or _arguments(wanted.args, _shape(node.args))


def _shape(arguments: list[ast.expr]) -> list[ast.expr]:
    """The elements of a shape that is passed as one tuple: `x.reshape((a, b))` is `x.reshape(a, b)`."""
    if len(arguments) == 1 and isinstance(arguments[0], (ast.Tuple, ast.List)):
        return arguments[0].elts
    return arguments


def _arguments(wanted: list[ast.expr], given: list[ast.expr]) -> bool:
    named = [each for each in wanted if not _is_any(each)]
    if len(named) == len(wanted):
        return len(wanted) == len(given) and all(map(matches, wanted, given))
    if len(given) < len(named):
        return False
    part = given[len(given) - len(named) :] if _is_any(wanted[0]) else given[: len(named)]
    return all(map(matches, named, part))


def _is_any(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis
