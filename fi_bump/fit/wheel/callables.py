"""What a thing of a release takes when it is called: its signature behind its decorators, or its constructor's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from fi_bump.fit.signature import Parameter, Passing, Signature
from fi_bump.fit.syntax import AnyFunction, decorator_names, walk
from fi_bump.fit.wheel.class_body import base_names, is_enumeration
from fi_bump.fit.wheel.library import Library, Thing, ThingKind
from fi_bump.fit.wheel.signatures import fields_signature, signature_of

# Decorators that a caller does not notice.
_NEUTRAL = frozenset(
    [
        "cache",
        "lru_cache",
        "wraps",
        "contextmanager",
        "asynccontextmanager",
        "abstractmethod",
        "override",
        "final",
        "deprecated",
        "no_grad",
        "inference_mode",
        "staticmethod",
        "classmethod",
        "compile",
        "disable",
    ]
)


class CallShape(NamedTuple):
    """A signature as a caller meets it.

    `foreign` are the decorators of other packages: what they do to it is not known, but the same ones do the same.
    """

    signature: Signature
    foreign: tuple[str, ...] = ()


# A class of which neither it nor a base says how it is called.
_OBJECTS = CallShape(Signature(()))


def shape_of(library: Library, thing: Thing, *, bound: bool) -> CallShape | None:
    """How a thing is called; with `bound`, a method through an object. None where it cannot be told."""
    if thing.kind is ThingKind.CLASS:
        return _constructor(library, thing, 0)
    if thing.kind is not ThingKind.FUNCTION or not isinstance(thing.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    through_class = "classmethod" in decorator_names(thing.node)
    is_method = thing.owner is not None and (bound or through_class)
    return _decorated(library, thing.home, thing.node, bound=is_method)


def _decorated(library: Library, home: str, node: AnyFunction, *, bound: bool) -> CallShape | None:
    """The signature of a function after its decorators; None where one of them makes another function of it."""
    signature = signature_of(node, bound=bound)
    added: list[str] = []
    foreign: list[str] = []
    for decorator, name in zip(node.decorator_list, decorator_names(node), strict=True):
        if name in _NEUTRAL:
            continue
        plain = decorator.func if isinstance(decorator, ast.Call) else decorator
        things = library.named(home, plain).things
        functions = [each.node for each in things if isinstance(each.node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        if not functions:
            foreign.append(ast.unparse(plain))
            continue
        for function in functions:
            effect = _keywords_added(function)
            if effect is None:
                return None
            added += effect
    extra = [Parameter(each, Passing.KEYWORD, "…") for each in dict.fromkeys(added) if not signature.parameter(each)]
    return CallShape(signature._replace(parameters=(*signature.parameters, *extra)), tuple(foreign))


@lru_cache(maxsize=1024)
def _keywords_added(decorator: AnyFunction) -> tuple[str, ...] | None:
    """The keywords that a decorator's wrapper takes beside those of the function; None where it takes others instead.

    A wrapper is a nested function that is returned and returns none itself. `kwargs.pop("name")` takes a keyword.
    """
    added: list[str] = []
    for wrapper in _wrappers(decorator):
        given = wrapper.args
        if given.vararg is None or given.kwarg is None:
            # `def decorator(function): … return function` has the function itself as its one parameter.
            if len(given.args) == 1 and _returns(wrapper, given.args[0].arg):
                continue
            return None
        if _takes_any(wrapper, given.kwarg.arg):
            return None
        optional = [each.arg for each in given.args[len(given.args) - len(given.defaults) :]] if given.defaults else []
        added += [*optional, *(each.arg for each in given.kwonlyargs), *_taken(wrapper, given.kwarg.arg)]
    return tuple(added)


def _wrappers(node: AnyFunction) -> Iterator[AnyFunction]:
    nested = {each.name: each for each in walk(node) if isinstance(each, ast.FunctionDef) and each is not node}
    for each in nested.values():
        returned = any(_returns(other, each.name) for other in (node, *nested.values()) if other is not each)
        if returned and not any(_returns(each, name) for name in nested):
            yield each


def _returns(node: AnyFunction, name: str) -> bool:
    """Whether a function returns what has that name, wrapped in a call or not."""
    returned = (each.value for each in walk(node) if isinstance(each, ast.Return) and each.value is not None)
    return any(isinstance(each, ast.Name) and each.id == name for value in returned for each in walk(value))


def _takes_any(wrapper: AnyFunction, kwargs: str) -> bool:
    """Whether a wrapper takes keywords out whose names are not written there: `kwargs.pop(old_name)`."""
    for each in walk(wrapper):
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="pop"), args=[key, *_]) if name == kwargs:
                if not isinstance(key, ast.Constant):
                    return True
            case ast.Delete(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)]) if name == kwargs:
                if not isinstance(key, ast.Constant):
                    return True
    return False


def _taken(wrapper: AnyFunction, kwargs: str) -> Iterator[str]:
    for each in walk(wrapper):
        match each:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="pop"), args=[ast.Constant(value=str() as key), *_]
            ) if name == kwargs:
                yield key


def _constructor(library: Library, thing: Thing, depth: int) -> CallShape | None:
    """What a class takes when it is called; None where a base of another package decides it."""
    defined = _defined(library, thing, depth)
    return CallShape(Signature(())) if defined is _OBJECTS else defined


def _defined(library: Library, thing: Thing, depth: int) -> CallShape | None:
    """The constructor that a class or the first of its bases defines; `_OBJECTS` where none does."""
    node = thing.node
    if not isinstance(node, ast.ClassDef) or depth > 20 or any(word.arg == "metaclass" for word in node.keywords):
        return None
    own = {each.name: each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for name in ("__init__", "__new__"):
        if name in own:
            return _decorated(library, thing.home, own[name], bound=True)
    if is_enumeration(node) or "TypedDict" in base_names(node):  # these are called in a way of their own
        return None
    if "NamedTuple" in base_names(node):
        return CallShape(fields_signature(node))
    inherited: CallShape | None = _OBJECTS
    for base in library.bases(thing):
        inherited = None if base is None else _defined(library, base, depth + 1)
        if inherited is not _OBJECTS:
            break
    if "dataclass" in decorator_names(node):
        if inherited is None or len(node.decorator_list) > 1:  # another decorator can replace what it makes
            return None
        return CallShape(fields_signature(node, None if inherited is _OBJECTS else inherited.signature))
    return None if node.decorator_list else inherited
