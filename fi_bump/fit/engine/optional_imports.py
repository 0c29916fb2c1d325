"""Imports that may fail: what the names are after a `try` whose handlers go on without them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fi_bump.fit.engine.gates import protected
from fi_bump.fit.engine.scopes import Environment
from fi_bump.fit.engine.uses import Caught, Guard, Presence, Protection, Reference
from fi_bump.fit.engine.values import Imported, Pointer, Value, Values
from fi_bump.fit.syntax import last_name


def brought(before: Mapping[str, Values], now: Mapping[str, Values]) -> dict[str, tuple[Reference, ...]]:
    """The names that the body of a `try` imported, with what they are if it did not fail."""
    found = {}
    for name, values in now.items():
        attempted = {each.attempted for each in values if isinstance(each, Pointer) and each.attempted is not None}
        if attempted and values != before.get(name):
            found[name] = tuple(sorted(attempted))
    return found


def settled(
    now: Mapping[str, Values],
    brought: Mapping[str, tuple[Reference, ...]],
    node: ast.Try | ast.TryStar,
    goes_on: Iterable[ast.ExceptHandler],
) -> Environment:
    """What names mean after the handlers; `goes_on` are those after which the code below the `try` runs.

    A name that each of them gives to a function or class of the repository is optional wherever it is used, and so is
    every name if none goes on. A name that is True only if the imports succeeded tells that.
    """
    if not brought:
        return {}
    handlers = [each for each in goes_on if Protection.ABSENCE in protected(each.type)]
    replaced = [set(_substitutes(each.body)) for each in handlers]
    names = [name for name in brought if all(name in each for each in replaced)]
    found = {name: frozenset(map(_optional, now.get(name, frozenset()))) for name in names}
    references = tuple(sorted({reference for each in brought.values() for reference in each}))
    flags = {*_constants(node.body, True), *(name for each in handlers for name in _constants(each.body, False))}
    return found | {name: frozenset[Value]([Imported(references)]) for name in flags - brought.keys()}


def instead(
    node: ast.Try | ast.TryStar, handler: ast.ExceptHandler, brought: Mapping[str, tuple[Reference, ...]]
) -> tuple[Guard, ...]:
    """What protects a handler's code that takes the place of imports: it runs only where one of them failed."""
    imports = [each for each in node.body if isinstance(each, (ast.Import, ast.ImportFrom))]
    others = [each for each in node.body if each not in imports]
    # Where more is tried than imports, other errors than theirs can lead to the handler.
    only_imports = all(isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant) for each in others)
    if not imports or Protection.ABSENCE not in protected(handler.type) or not (only_imports or _of_imports(handler)):
        return ()
    references = {reference for each in brought.values() for reference in each}
    if len(references) == 1 and len(imports) == 1 and only_imports:
        return tuple(Presence(reference, False) for reference in references)
    # It may have been another package's import.
    return (Caught(frozenset([Protection.ABSENCE])),)


def _of_imports(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is of failed imports alone."""
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return all(each is not None and last_name(each) in ("ImportError", "ModuleNotFoundError") for each in types)


def optional(before: Mapping[str, Values], now: Mapping[str, Values]) -> Environment:
    """What a handler bound in place of imports, without which the code goes on."""
    return {
        name: frozenset(
            replace(each, optional=each.optional or each.reference) if isinstance(each, Pointer) else each
            for each in values
        )
        for name, values in now.items()
        if values != before.get(name)
    }


def _optional(value: Value) -> Value:
    if isinstance(value, Pointer) and value.attempted is not None:
        return replace(value, optional=value.attempted)
    return value


def _substitutes(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that a handler gives to something that can be called."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (each.asname or each.name.partition(".")[0] for each in names)
            case ast.Assign(targets=targets, value=value) if not isinstance(value, ast.Constant):
                yield from (each.id for each in targets if isinstance(each, ast.Name))


def _constants(body: Iterable[ast.stmt], truth: bool) -> Iterator[str]:
    """The names that statements set to a constant that counts as true, or as false."""
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=ast.Constant(value=value)) if bool(value) is truth:
                yield from (each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)) if bool(value) is truth:
                yield name
