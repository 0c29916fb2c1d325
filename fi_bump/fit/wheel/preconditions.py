"""What a function of a release checks before it works: in its own source, in helpers, and in what it calls compiled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from fi_bump.fit.packages import NativeApi
from fi_bump.fit.syntax import AnyFunction, guarded, message, walk
from fi_bump.fit.wheel.kept_checks import KeptChecks, Memory, Precondition
from fi_bump.fit.wheel.library import Library, Thing, ThingKind
from fi_bump.fit.wheel.native import NativeSource, native_source, plain
from fi_bump.fit.wheel.reach import Reaches

# How far a function's own arguments are followed into its helpers, and calls into compiled functions.
_HELPERS = 2
_NATIVE = (".cu", ".cpp", ".cc", ".cuh", ".h", ".hpp")


class Preconditions:
    """The checks of the functions of one release, each function and each source file read once.

    What earlier runs found is taken from the wheel's `memory`, and `keep` adds to it.
    """

    def __init__(self, library: Library, native: NativeApi | None, memory: Memory | None = None) -> None:
        self._library = library
        self._kept = KeptChecks(memory, native)
        self._native = native
        self._reaches = Reaches(library)
        self._known: dict[int, dict[str, Precondition]] = {}
        # The source files by their last names, which is how the builders of modules name them.
        self._paths: dict[str, list[str]] = {}
        self._side_by_side: list[str] = []
        for path in library.files.names if native is not None else ():
            if native is not None and path.startswith(native.folders) and path.endswith(_NATIVE):
                folder, _, name = path.rpartition("/")
                self._paths.setdefault(name, []).append(path)
                if f"{folder}/" in native.folders:
                    self._side_by_side.append(path)

    def of(self, thing: Thing) -> dict[str, Precondition]:
        """The checks of a function by what identifies them: its own, its helpers', and of what it calls compiled."""
        node = thing.node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return {}
        key = id(node)
        if key not in self._known:
            place = f"{thing.home}:{node.lineno}:{node.col_offset}"
            found = self._kept.get(place)
            if found is None:
                found = {each.identity: each for each in _of_python(self._library, thing, 0, set())}
                if self._native is not None:
                    found |= {each.identity: each for each in self._compiled(thing, self._native)}
                self._kept.put(place, found)
            self._known[key] = found
        return self._known[key]

    def keep(self) -> None:
        """Keep what was found for later runs."""
        self._kept.keep()

    def _compiled(self, thing: Thing, native: NativeApi) -> Iterator[Precondition]:
        """The checks of the compiled functions that a function reaches, in the sources that are built for it."""
        reached = self._reaches.of(thing)
        sources = self._sources(reached.files)
        exports = [source.exports(native.exports) for source in sources]
        entries = {function for one in exports for name in one.keys() & reached.attributes for function in one[name]}
        macros = _macros(native.checks)
        seen: set[str] = set()
        left = sorted(entries)
        while left:
            function = left.pop()
            seen.add(function)
            for source in sources:
                if source.body(function) is None:
                    continue
                arguments = (
                    {plain(name) for name in source.parameters(function) or ()} if function in entries else set()
                )
                for check in source.checks(function, macros):
                    entry = None if arguments.isdisjoint(check.names) else function
                    yield Precondition(check.statement, check.message or check.statement, check.names, entry)
                found = {
                    name for name in source.calls(function) - seen if any(name in each.declared for each in sources)
                }
                left += sorted(found)
                seen |= found

    def _sources(self, names: frozenset[str]) -> list[NativeSource]:
        """The source files that are named, wherever they are below the package's folders of sources."""
        paths = sorted(path for name in names for path in self._paths.get(name, ()))
        if paths:
            # What lies side by side in the folders comes at once: nearly all of it is asked for sooner or later.
            self._library.files.fetch({*paths, *self._side_by_side})
            self._side_by_side = []
        found = (self._library.files.get(path) for path in paths)
        return [native_source(data) for data in found if data is not None]


def _of_python(library: Library, thing: Thing, depth: int, seen: set[int]) -> Iterator[Precondition]:
    node = thing.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or id(node) in seen:
        return
    seen.add(id(node))
    own, helpers = _checked_by(node)
    yield from own
    for name in helpers if depth < _HELPERS else ():
        for each in library.named(thing.home, ast.Name(name)).things:
            if each.kind is ThingKind.FUNCTION:
                yield from _of_python(library, each, depth + 1, seen)


@lru_cache(maxsize=8192)
def _checked_by(node: AnyFunction) -> tuple[tuple[Precondition, ...], tuple[str, ...]]:
    """The checks in a function, and the names of the functions that check for it.

    Those are the ones that its decorators name, and those that it passes one of its own arguments to.
    """
    parameters = {each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    helpers = [part.id for each in node.decorator_list for part in walk(each) if isinstance(part, ast.Name)]
    for part in walk(node):
        match part:
            case ast.Call(func=ast.Name(id=name)) if _passes(part, parameters):
                helpers.append(name)
    return tuple(_raised(node.body)), tuple(dict.fromkeys(helpers))


def _passes(call: ast.Call, names: set[str]) -> bool:
    given = (*call.args, *(word.value for word in call.keywords))
    return any(isinstance(each, ast.Name) and each.id in names for each in given)


def _raised(body: Iterable[ast.stmt]) -> Iterator[Precondition]:
    """The raises and asserts of a block, each with the conditions that lead to it."""
    for statement, conditions in guarded(body):
        match statement:
            case ast.Raise(exc=ast.expr() as error) if conditions:
                yield _precondition(conditions, f"raise {ast.unparse(error)}", message(error))
            case ast.Assert(test=test):
                yield _precondition((*conditions, test), "assert", message(statement.msg))


def _precondition(conditions: tuple[ast.expr, ...], what: str, words: str | None) -> Precondition:
    last = ast.unparse(conditions[-1])
    names = {plain(node.id) for node in walk(conditions[-1]) if isinstance(node, ast.Name)}
    return Precondition(f"{last}: {what}", words or f"{what} where {last}", frozenset(names))


@cache
def _macros(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(names)})\s*\(")


def concerns(new: Precondition, old: Iterable[Precondition], given: Iterable[str]) -> bool:
    """Whether a new check is about what a call passes: by its name, or to a compiled function it already reached."""
    if not new.names.isdisjoint(plain(name) for name in given):
        return True
    return new.entry is not None and any(each.entry == new.entry for each in old)
