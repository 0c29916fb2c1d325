"""What a function of a release reaches: the names that it calls on compiled modules, and the sources of those."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from fi_bump.fit.syntax import AnyFunction, children
from fi_bump.fit.wheel.library import Library, Thing, ThingKind

_DEEPEST = 6
_NATIVE = (".cu", ".cpp", ".cc", ".cuh", ".h", ".hpp")


class Mentioned(NamedTuple):
    """What one function mentions: attributes, plain names, and names of source files. `inner` are its own functions."""

    attributes: frozenset[str]
    names: frozenset[str]
    files: frozenset[str]
    inner: dict[str, Mentioned]


class Reached(NamedTuple):
    """All that a function reaches."""

    attributes: frozenset[str]
    files: frozenset[str]


class Reaches:
    """Answers for one release."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._functions: dict[tuple[str, str], list[Thing]] = {}

    def of(self, thing: Thing) -> Reached:
        """What a function reaches: itself, and the functions of the release that it names."""
        attributes: set[str] = set()
        files: set[str] = set()
        seen: set[int] = set()
        left = [(thing, 0)]
        while left:
            each, depth = left.pop()
            node = each.node
            if id(node) in seen or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            seen.add(id(node))
            own = _mentioned_by(node)
            attributes |= own.attributes
            files |= own.files
            names = set(own.names)
            for name, inner in own.inner.items():
                # A factory of functions: those that a caller reaches by their names count, and all of the first one.
                if depth == 0 or name in attributes:
                    attributes |= inner.attributes
                    files |= inner.files
                    names |= inner.names
            if depth < _DEEPEST:
                left += [(found, depth + 1) for name in sorted(names) for found in self._named(each.home, name)]
        return Reached(frozenset(attributes), frozenset(files))

    def _named(self, home: str, name: str) -> list[Thing]:
        key = (home, name)
        if key not in self._functions:
            things = self._library.named(home, ast.Name(name)).things
            self._functions[key] = [each for each in things if each.kind is ThingKind.FUNCTION]
        return self._functions[key]


@lru_cache(maxsize=8192)
def _mentioned_by(node: AnyFunction) -> Mentioned:
    """What a function mentions. Most functions are the same in two releases, and are read once."""
    return _mentioned(node.body)


def _mentioned(body: Iterable[ast.AST]) -> Mentioned:
    attributes: set[str] = set()
    names: set[str] = set()
    files: set[str] = set()
    inner: dict[str, Mentioned] = {}
    left = list(body)
    while left:
        node = left.pop()
        match node:
            case ast.FunctionDef(name=name, body=own) | ast.AsyncFunctionDef(name=name, body=own):
                found = _mentioned(own)
                flat = [found, *found.inner.values()]
                inner[name] = Mentioned(
                    frozenset().union(*(each.attributes for each in flat)),
                    frozenset().union(*(each.names for each in flat)),
                    frozenset().union(*(each.files for each in flat)),
                    {},
                )
                continue
            case ast.Attribute(attr=name, ctx=ast.Load()):
                attributes.add(name)
            case ast.Name(id=name, ctx=ast.Load()):
                names.add(name)
            case ast.Constant(value=str() as text) if text.endswith(_NATIVE):
                files.add(text.rpartition("/")[2])
        left += children(node)
    return Mentioned(frozenset(attributes), frozenset(names), frozenset(files), inner)
