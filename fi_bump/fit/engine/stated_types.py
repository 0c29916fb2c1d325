"""Types that a module states: annotations, and tests with isinstance."""

from __future__ import annotations

import ast
from dataclasses import replace

from fi_bump.fit.engine.expressions import Evaluator
from fi_bump.fit.engine.uses import UseKind
from fi_bump.fit.engine.values import NOTHING_KNOWN, Collected, Pointer, Values, pointers
from fi_bump.fit.syntax import dotted, last_name

_CONTAINERS = frozenset(["list", "dict", "tuple", "set", "List", "Dict", "Tuple", "Set", "Sequence", "Iterable"])
_PLAIN = frozenset(["None", "Optional", "Union", "Final", "ClassVar", "Annotated", "Any", "int", "str"])


def annotated(evaluator: Evaluator, node: ast.expr, is_run: bool) -> Values:
    """An object of the type that an annotation names; nothing where it can also be one of another package.

    `is_run` says that Python evaluates it where it is: what it names is used then. A text is not evaluated, nor is any
    annotation of a module that says so (PEP 563).
    """
    is_run = is_run and not evaluator.are_annotations_texts and not isinstance(node, ast.Constant)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            return frozenset()
    found: set[Pointer] = set()
    in_container = False
    left: list[ast.expr] = [node]
    while left:
        match left.pop():
            case ast.Subscript(value=outer, slice=inner):
                in_container |= last_name(outer) in _CONTAINERS
                left.append(inner if last_name(outer) in _CONTAINERS | _PLAIN else outer)
            case ast.Tuple(elts=parts):
                left += parts
            case ast.BinOp(left=one, right=other):
                left += [one, other]
            case ast.Name() | ast.Attribute() as named:
                things = pointers(evaluator.chain(named))
                if is_run and isinstance(named, ast.Attribute):
                    evaluator.use(named, UseKind.NAME, things)
                if not things and last_name(named) not in _PLAIN:
                    return frozenset()
                found |= {each for each in things if each.reference.path}
    objects = [replace(each, reference=each.reference.result) for each in found]
    return frozenset(Collected(each) if in_container else each for each in objects)


def narrow(evaluator: Evaluator, test: ast.expr) -> None:
    """Take from `isinstance(x, C)` what x is where the test holds."""
    match test:
        case ast.BoolOp(op=ast.And(), values=parts):
            for each in parts:
                narrow(evaluator, each)
        case ast.Call(func=ast.Name(id="isinstance"), args=[thing, kind]) if text := dotted(thing):
            found = [] if isinstance(kind, ast.Tuple) else pointers(evaluator.chain(kind))
            objects = frozenset(replace(each, reference=each.reference.result) for each in found if each.reference.path)
            evaluator.scope.bind(text, objects or NOTHING_KNOWN)
