"""Dicts and lists whose contents are known: from where they are written out to the `*` or `**` of a call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fi_bump.fit.engine.expressions import Evaluator
from fi_bump.fit.engine.uses import Reference, UseKind
from fi_bump.fit.engine.values import (
    NOTHING_KNOWN,
    Collected,
    Mapped,
    Pointer,
    Sequenced,
    Unknown,
    Value,
    Values,
    counted,
    mapped,
    pointers,
)
from fi_bump.fit.syntax import dotted

CHANGING = frozenset(["append", "extend", "insert", "remove", "clear", "update", "setdefault", "pop"])


def displayed(evaluator: Evaluator, node: ast.Dict | ast.List | ast.Tuple) -> Values:
    """What a dict, list or tuple holds that is written out."""
    return _dict(evaluator, node) if isinstance(node, ast.Dict) else _list(evaluator, node)


def _dict(evaluator: Evaluator, node: ast.Dict) -> Values:
    found = Mapped()
    for key, value in zip(node.keys, node.values, strict=True):
        values = evaluator.evaluate(value)
        if key is None:
            found = found.joined(mapped(values))
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            found = found.having(key.value)
        else:
            evaluator.evaluate(key)
            found = found.having(None)
    return frozenset([found])


def _list(evaluator: Evaluator, node: ast.List | ast.Tuple) -> Values:
    for row, reference in _rows(evaluator, node):
        evaluator.use(row, UseKind.LOOKUP, [Pointer(reference, reference)])
    found = Sequenced(0)
    held: set[Pointer] = set()
    for each in node.elts:
        values = evaluator.evaluate(each)
        held |= {*pointers(values)}
        found = found.joined(counted(values) if isinstance(each, ast.Starred) else Sequenced(1))
    return frozenset([found, *(Collected(each) for each in held)])


def _rows(evaluator: Evaluator, node: ast.List | ast.Tuple) -> Iterator[tuple[ast.expr, Reference]]:
    """What a list or tuple is a row of names of, or a table for: `[("kit.ops", "add"), ("kit", "run")]`.

    The package's name alone is often one of several backends, and what is beside it another one: it counts only in a
    table that has a module with a dot, too.
    """
    own = _row(evaluator, node)
    if own is not None and "." in own.module:
        yield node, own
    rows = [(each, reference) for each in node.elts if (reference := _row(evaluator, each)) is not None]
    if any("." in reference.module for _, reference in rows):
        yield from ((each, reference) for each, reference in rows if "." not in reference.module)


def _row(evaluator: Evaluator, node: ast.expr) -> Reference | None:
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            texts = [each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if len(texts) == len(parts) == 2 and evaluator.subject.has_module(texts[0]) and texts[1].isidentifier():
                return Reference(texts[0], (texts[1],))
    return None


def changed(evaluator: Evaluator, node: ast.Call, name: str) -> Values | None:
    """Follow a method that changes a dict or list whose contents are known; None for any other call."""
    if not isinstance(node.func, ast.Attribute):
        return None
    text = dotted(node.func.value)
    before = evaluator.chain(node.func.value) if text is not None else frozenset()
    if text is None or not any(isinstance(each, (Mapped, Sequenced)) for each in before):
        return None
    first = node.args[0] if node.args else None
    other = frozenset() if first is None else evaluator.chain(first)
    call = evaluator.arguments(node)
    key = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    given = Mapped(frozenset(call.keywords), frozenset(call.maybe), call.more_keywords)
    if other:
        given = given.joined(mapped(other))
    after = [_after(each, name, key, given, counted(other)) for each in before]
    evaluator.scope.bind(text, frozenset(after))
    return NOTHING_KNOWN


def _after(value: Value, name: str, key: str | None, given: Mapped, several: Sequenced) -> Value:
    match value, name:
        case Mapped(), "update":
            return value.joined(given)
        case Mapped(), "setdefault" if key is not None:
            return value.having(key)
        case Mapped(), "pop" if key is not None:
            return value.without(key)
        case Mapped(), _:
            return Mapped(frozenset(), value.names | value.maybe, True)
        case Sequenced(), "append" | "insert":
            return value.joined(Sequenced(1))
        case Sequenced(), "extend":
            return value.joined(several)
        case Sequenced(), _:
            return Sequenced(0, True)
    return value


def put(evaluator: Evaluator, base: ast.expr, key: ast.expr, values: Values) -> None:
    """Follow `base[key] = …`."""
    text = dotted(base)
    if text is None:
        evaluator.evaluate(base)
        return
    name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    before = evaluator.chain(base)
    after: set[Value] = {each.having(name) if isinstance(each, Mapped) else each for each in before}
    after |= {Collected(each) for each in pointers(values)}
    if any(isinstance(each, (Mapped, Collected)) for each in after):
        evaluator.scope.bind(text, frozenset(after))


def deleted(evaluator: Evaluator, target: ast.expr) -> None:
    """Follow `del`."""
    match target:
        case ast.Subscript(value=base, slice=ast.Constant(value=str() as key)) if text := dotted(base):
            after = {each.without(key) if isinstance(each, Mapped) else each for each in evaluator.chain(base)}
            evaluator.scope.bind(text, frozenset(after))
        case ast.Name(id=name):
            evaluator.scope.bind(name, NOTHING_KNOWN)


def augmented(evaluator: Evaluator, node: ast.AugAssign) -> None:
    """Follow `+=` and `|=`."""
    values = evaluator.evaluate(node.value)
    text = dotted(node.target)
    if text is None:
        return
    after: set[Value] = set()
    for each in evaluator.chain(node.target):
        match each:
            case Sequenced():
                after.add(each.joined(counted(values)))
            case Mapped():
                after.add(each.joined(mapped(values)))
            case _:
                after.add(Unknown())
    evaluator.scope.bind(text, frozenset(after))
