"""Calls with a meaning of their own: they name a thing by text, wrap a callable, or give back what they are given."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from fi_bump.fit.engine.containers import CHANGING, changed
from fi_bump.fit.engine.expressions import SIGNATURE, Evaluator
from fi_bump.fit.engine.scopes import Scope
from fi_bump.fit.engine.uses import Reference, UseKind
from fi_bump.fit.engine.values import (
    NOTHING_KNOWN,
    Applied,
    Mapped,
    Pointer,
    Released,
    Self,
    Supported,
    Values,
    pointers,
)
from fi_bump.fit.syntax import last_name

# Functions whose one text names a module that they import: importlib's, and what engines write around it.
_IMPORTS = re.compile(r"import|module|lazy|load", re.IGNORECASE)
# What engines write around inspect.signature: `supports_kw(function, "keyword")`.
_SUPPORT = re.compile(r"support|accept|has_(?:param|arg|kw|keyword)", re.IGNORECASE)
_PATCHES = frozenset(["patch", "setattr"])
# Calls that give back what they are given, with the same parameters.
_SAME = frozenset(["no_grad", "cache", "lru_cache", "wraps", "compile", "inference_mode", "disable"])


def value_of(evaluator: Evaluator, node: ast.Call, function: Values) -> Values | None:
    """What a call of a special meaning gives, or None for any other."""
    name = last_name(node.func)
    texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if texts and evaluator.subject.has(texts[0]) and not pointers(function):
        return _by_text(evaluator, node, name, texts)
    if name in CHANGING:
        return changed(evaluator, node, name)
    match name, len(node.args):
        case ("getattr", 2 | 3) | ("hasattr", 2):
            return _by_name(evaluator, node)
        case "partial", count if count > 0:
            return _partial(evaluator, node)
        case "dict", 0 if not pointers(function):
            given = evaluator.arguments(node)
            return frozenset([Mapped(frozenset(given.keywords), frozenset(given.maybe), given.more_keywords)])
        case "signature", 1:
            found = pointers(evaluator.evaluate(node.args[0]))
            return frozenset(replace(each, reference=each.reference.attribute(SIGNATURE)) for each in found) or None
        case _, 2 | 3 if _SUPPORT.search(name) and not pointers(function):
            return _support(evaluator, node)
        case "super", 0:
            return _super(evaluator)
        case "cast", 2:
            evaluator.evaluate(node.args[1])
            return evaluator.annotated(node.args[0]) or NOTHING_KNOWN
        case _, 1 if name in _SAME and not node.keywords:
            return evaluator.evaluate(node.args[0])
    return None


def _by_text(evaluator: Evaluator, node: ast.Call, name: str, texts: list[str]) -> Values | None:
    """A call whose first text names a module of the package, or its distribution."""
    module, rest = texts[0], texts[1:]
    if name == "version" and not rest:
        return frozenset([Released()])
    if not evaluator.subject.has_module(module):
        return None
    if name in ("find_spec", "import_module", "__import__", "importorskip") or (_IMPORTS.search(name) and not rest):
        reference = Reference(module)
        is_sure = name in ("import_module", "__import__")
        pointer = Pointer(reference, None if is_sure else reference)
        evaluator.use(node, UseKind.IMPORT if is_sure else UseKind.LOOKUP, [pointer])
        return NOTHING_KNOWN if name == "find_spec" else frozenset([pointer])
    if name in _PATCHES and "." in module:
        evaluator.arguments(node)
        head, _, last = module.rpartition(".")
        evaluator.use(node, UseKind.NAME, [Pointer(Reference(head, (last,)))])
        return NOTHING_KNOWN
    # The package's name alone is often that of a backend, and what is beside it a mode: `choose("kit", "auto")`.
    is_module = "." in module or _IMPORTS.search(name) is not None
    if is_module and rest and rest[0].isidentifier() and "version" not in name and not name.endswith("attr"):
        evaluator.arguments(node)
        reference = Reference(module, (rest[0],))
        pointer = Pointer(reference, reference)
        evaluator.use(node, UseKind.LOOKUP, [pointer])
        return frozenset([pointer])
    return None


def _by_name(evaluator: Evaluator, node: ast.Call) -> Values:
    """`getattr(thing, "name"[, default])` and `hasattr(thing, "name")`."""
    base, name = evaluator.chain(node.args[0]), node.args[1]
    default = evaluator.evaluate(node.args[2]) if len(node.args) > 2 else frozenset()
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        evaluator.evaluate(name)
        return NOTHING_KNOWN
    is_test = last_name(node.func) == "hasattr"
    optional = is_test or len(node.args) > 2
    found = [_named(each, name.value, optional=optional) for each in pointers(base)]
    evaluator.use(node, UseKind.LOOKUP if optional else UseKind.NAME, found)
    return NOTHING_KNOWN if is_test or not found else frozenset(found) | default


def _named(base: Pointer, name: str, *, optional: bool) -> Pointer:
    reference = base.reference.attribute(name)
    return replace(base, reference=reference, optional=reference if optional else base.optional)


def _partial(evaluator: Evaluator, node: ast.Call) -> Values | None:
    found = pointers(evaluator.chain(node.args[0]))
    if not found:
        return None
    call = evaluator.arguments(ast.copy_location(ast.Call(node.func, node.args[1:], node.keywords), node))
    # The other arguments come when it is called: only what is given now can be judged.
    evaluator.use(node, UseKind.CALL, found, call._replace(more_positional=True, more_keywords=True))
    return frozenset(Applied(each, call) for each in found)


def _support(evaluator: Evaluator, node: ast.Call) -> Values | None:
    """A test whether a callable takes a keyword, whatever way it does it."""
    match node.args[1]:
        case ast.Constant(value=str() as keyword) if keyword.isidentifier():
            found = pointers(evaluator.chain(node.args[0]))
            return frozenset(Supported(each.reference, keyword) for each in found) or None
    return None


def _super(evaluator: Evaluator) -> Values | None:
    """`super()` in a class that inherits from the package."""
    scope: Scope | None = evaluator.scope
    while scope is not None:
        owner = next((each for values in scope.now.values() for each in values if isinstance(each, Self)), None)
        if owner is not None:
            bases = evaluator.bases.get(owner.number, [])
            return frozenset(replace(each, reference=each.reference.result) for each in bases) or None
        scope = scope.outer
    return None
