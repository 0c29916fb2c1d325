"""Signatures as they are written in Python source."""

from __future__ import annotations

import ast
from itertools import chain

from fi_bump.fit.signature import Parameter, Passing, Signature
from fi_bump.fit.syntax import AnyFunction, decorator_names, last_name

_STATIC = frozenset(["staticmethod"])


def signature_of(node: AnyFunction, *, bound: bool = False) -> Signature:
    """The signature of a `def`; with `bound` as it is called through an object, without `self` or `cls`."""
    given = node.args
    positional = [
        *((each, Passing.POSITIONAL) for each in given.posonlyargs),
        *((each, Passing.EITHER) for each in given.args),
    ]
    defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(given.defaults)), *given.defaults]
    parameters = [
        Parameter(argument.arg, kind, _text(default))
        for (argument, kind), default in zip(positional, defaults, strict=True)
    ]
    parameters += [
        Parameter(argument.arg, Passing.KEYWORD, _text(default))
        for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if bound and _STATIC.isdisjoint(decorator_names(node)) and positional:
        parameters = parameters[1:]
    return Signature(tuple(parameters), given.vararg is not None, given.kwarg is not None)


def fields_signature(node: ast.ClassDef, inherited: Signature | None = None) -> Signature:
    """The constructor that `@dataclass` or `NamedTuple` makes of the annotated fields of a class (PEP 557).

    `inherited` is that of the base, whose fields come first.
    """
    keyword_only = _flag(node, "kw_only")
    found = {each.name: each for each in inherited.parameters} if inherited else {}
    for statement in node.body:
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        annotation = ast.unparse(statement.annotation)
        if annotation.rpartition(".")[2] == "KW_ONLY":
            keyword_only = True
        elif "ClassVar" not in annotation and (field := _field(statement, keyword_only)) is not None:
            found[field.name] = field
    ordered = sorted(found.values(), key=lambda each: each.kind is Passing.KEYWORD)
    return Signature(tuple(ordered))


def _field(statement: ast.AnnAssign, keyword_only: bool) -> Parameter | None:
    """One field as a parameter; None for one that the constructor does not take."""
    assert isinstance(statement.target, ast.Name)
    default, value = _text(statement.value), statement.value
    if isinstance(value, ast.Call) and last_name(value.func) in ("field", "Field"):
        options = {each.arg: each.value for each in value.keywords}
        if _is(options.get("init"), False):
            return None
        keyword_only = keyword_only or _is(options.get("kw_only"), True)
        given = options.get("default") or options.get("default_factory")
        default = _text(given) if given is not None else None
    return Parameter(statement.target.id, Passing.KEYWORD if keyword_only else Passing.EITHER, default)


def _flag(node: ast.ClassDef, name: str) -> bool:
    calls = (each for each in node.decorator_list if isinstance(each, ast.Call))
    words = chain.from_iterable(each.keywords for each in calls)
    return any(word.arg == name and _is(word.value, True) for word in words)


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _text(node: ast.expr | None) -> str | None:
    return None if node is None else ast.unparse(node)
