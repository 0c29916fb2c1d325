"""What a release says is going away: a function, a class, or one parameter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from fi_bump.fit.syntax import AnyFunction, decorator_names, guarded, last_name, message, walk
from fi_bump.fit.wheel.library import Thing

_SAYS_SO = re.compile(r"deprecat", re.IGNORECASE)
_WARNS = frozenset(["warn", "warning", "warning_once", "warn_once", "deprecate"])
_CATEGORIES = frozenset(["DeprecationWarning", "PendingDeprecationWarning", "FutureWarning"])
_ADVICE = re.compile(r"\b(?:use|used|instead|prefer|replace\w*|remov\w+|see|call|since|will)\b", re.IGNORECASE)
_IN_DOCSTRING = re.compile(r"^[^\S\n]*(?:\.\. deprecated::|deprecated\b[ :.,])\s*(.*)", re.IGNORECASE | re.MULTILINE)


class Deprecation(NamedTuple):
    """One thing that is going away: a parameter, or all of it where `parameter` is None.

    `words` are the release's, empty where it says no more.

    A parameter with a star in front takes the arguments by position that no other one takes.
    """

    parameter: str | None
    words: str


def deprecations(thing: Thing) -> list[Deprecation]:
    """What a function or a class of a release says is going away."""
    match thing.node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return list(_of_function(thing.node))
        case ast.ClassDef(body=body):
            made = [each for each in body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
            return [*_stated(thing.node), *(each for function in made for each in _of_function(function))]
    return []


def _stated(node: AnyFunction | ast.ClassDef) -> Iterator[Deprecation]:
    """What decorators and the docstring say about all of it."""
    for decorator, name in zip(node.decorator_list, decorator_names(node), strict=True):
        if _SAYS_SO.search(name):
            yield Deprecation(None, message(decorator) or "")
    text = ast.get_docstring(node) or ""
    found = _IN_DOCSTRING.search(text)
    # A line about one parameter, deep in the text, is not about the whole.
    if found is not None and text[: found.start()].rstrip().count("\n") < 3:
        # What comes after the one word on the first line is mostly what the thing is.
        is_advice = not found[0].strip().lower().startswith("deprecated.") or _ADVICE.search(found[1]) is not None
        yield Deprecation(None, found[1].strip() if is_advice else "")


def _of_function(node: AnyFunction) -> Iterator[Deprecation]:
    yield from _stated(node)
    given = node.args
    parameters = {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    if given.vararg is not None and _SAYS_SO.search(given.vararg.arg):
        yield Deprecation(f"*{given.vararg.arg}", "pass these arguments by name")
    for statement, conditions in guarded(node.body):
        match statement:
            case ast.Expr(value=ast.Call(func=function, args=[first, *_]) as call) if last_name(function) in _WARNS:
                words = message(first)
                if not ((words and _SAYS_SO.search(words)) or _is_category(call)):
                    continue
                named = [part.id for each in conditions for part in walk(each) if isinstance(part, ast.Name)]
                tested = [name for name in named if name in parameters]
                if tested or not conditions:
                    yield Deprecation(tested[0] if tested else None, words or "")


def _is_category(call: ast.Call) -> bool:
    given = (*call.args[1:], *(word.value for word in call.keywords))
    return any(last_name(each) in _CATEGORIES for each in given)
