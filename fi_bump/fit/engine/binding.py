"""What assignments bind: names, attributes of objects, keys of dicts."""

from __future__ import annotations

import ast

from fi_bump.fit.engine import containers
from fi_bump.fit.engine.expressions import Evaluator
from fi_bump.fit.engine.values import NOTHING_KNOWN, Self, Values, pointers
from fi_bump.fit.syntax import dotted


def bind(evaluator: Evaluator, target: ast.expr, values: Values) -> None:
    """Bind what an assignment names: a name, an attribute, a key of a known dict."""
    match target:
        case ast.Name(id=name):
            evaluator.scope.bind(name, values or NOTHING_KNOWN)
        case ast.Attribute():
            _bind_attribute(evaluator, target, values or NOTHING_KNOWN)
        case ast.Subscript(value=base, slice=key):
            evaluator.evaluate(key)
            containers.put(evaluator, base, key, values)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for each in parts:
                bind(evaluator, each, NOTHING_KNOWN)
        case ast.Starred(value=inner):
            bind(evaluator, inner, NOTHING_KNOWN)
        case _:
            pass


def _bind_attribute(evaluator: Evaluator, target: ast.Attribute, values: Values) -> None:
    owner = evaluator.chain(target.value)
    evaluator.stored.add(target.attr)
    text = dotted(target)
    if text is not None:
        evaluator.scope.bind(text, values)
    found = pointers(values)
    for each in owner:
        if isinstance(each, Self):
            held = evaluator.held.setdefault(each.number, {})
            held[target.attr] = held.get(target.attr, frozenset()) | (values - NOTHING_KNOWN)
    if found and all(each.reference.path for each in found):
        evaluator.attributes.setdefault(target.attr, set()).update(found)
