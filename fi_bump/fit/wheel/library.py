"""A release as something to ask: what a dotted name is there, followed through re-exports, aliases and inheritance."""

from __future__ import annotations

import ast
import enum
import posixpath
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from fi_bump.fit.syntax import decorator_names
from fi_bump.fit.wheel.class_body import gives_any_attribute, is_enumeration, members
from fi_bump.fit.wheel.modules import ALWAYS, Binding, Definition, ModuleCode, registers_any

_SOURCES = (".py", ".pyi")
_COMPILED = (".so", ".pyd")
# Bases that add no attribute which a caller could name.
_PLAIN_BASES = frozenset(["object", "ABC", "Generic", "Protocol"])
_DEEPEST = 40


class Files(Protocol):
    """The files of a release: a wheel on an index, or a folder in tests."""

    @property
    def names(self) -> frozenset[str]:
        """The paths of all files."""

    def get(self, name: str) -> bytes | None:
        """A file's bytes, or None."""

    def fetch(self, names: Iterable[str]) -> None:
        """Read several files ahead."""


class ThingKind(enum.Enum):
    """What a name is."""

    FUNCTION = "function"
    CLASS = "class"
    VALUE = "value"
    MODULE = "module"
    FOREIGN = "of another package"


class Thing(NamedTuple):
    """What a name leads to: `home` is the module that defines it, `owner` the class of a method or an attribute."""

    kind: ThingKind
    home: str
    node: ast.AST | None = None
    owner: ast.ClassDef | None = None


class Lookup(NamedTuple):
    """Everything that a name may be. Without `things` it is missing, unless `is_open`: then it is not known."""

    things: tuple[Thing, ...] = ()
    is_open: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether the name is certainly not there."""
        return not self.things and not self.is_open


_MISSING, _OPEN = Lookup(), Lookup((), True)
_Seen = frozenset[tuple[str, str]]


class Library:
    """The modules of one release, each parsed when it is first asked about."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._codes: dict[str, ModuleCode | None] = {}
        self._paths = _module_paths(files.names)
        self._folders = {name.rpartition(".")[0] for name in self._paths} - {""}
        self._neighbours: dict[str, list[str]] = {}
        for path in self._paths.values():
            if path.endswith(_SOURCES):
                self._neighbours.setdefault(posixpath.dirname(path), []).append(path)
        self.tops = frozenset(name.partition(".")[0] for name in self._paths)

    def exists(self, module: str) -> bool:
        """Whether there is a module, a package or a folder that can be imported as one."""
        return module in self._paths or module in self._folders

    def modules(self) -> list[str]:
        """The names of all modules."""
        return sorted(self._paths)

    def path(self, module: str) -> str | None:
        """The file of a module."""
        return self._paths.get(module)

    def code(self, module: str) -> ModuleCode | None:
        """A module's names; None for one that is compiled, a bare folder or not there."""
        if module not in self._codes:
            path = self._paths.get(module)
            data = None
            if path is not None and path.endswith(_SOURCES):
                self._read_folder(path)
                data = self.files.get(path)
            is_package = path is not None and posixpath.basename(path).startswith("__init__.")
            self._codes[module] = None if data is None else ModuleCode(module, data, is_package=is_package)
        return self._codes[module]

    def find(self, module: str, attributes: tuple[str, ...] = ()) -> Lookup:
        """What `attributes` of a module lead to, one after the other; the module itself where there are none."""
        if not self.exists(module):
            return _OPEN if self._is_registered(module) else _MISSING
        answer = Lookup((Thing(ThingKind.MODULE, module),))
        for name in attributes:
            answer = self._of_any(answer, name, frozenset())
        return answer

    def named(self, home: str, node: ast.expr) -> Lookup:
        """What an expression of names and dots means at the top level of a module."""
        return self._expression(home, node, frozenset())

    def member(self, thing: Thing, name: str) -> Lookup:
        """An attribute of a class, its bases' included."""
        return self._member(thing, name, 0)

    def bases(self, thing: Thing) -> Iterator[Thing | None]:
        """The bases of a class: None for one of another package, or that cannot be told."""
        assert isinstance(thing.node, ast.ClassDef)
        for base in thing.node.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            if ast.unparse(plain).rpartition(".")[2] in _PLAIN_BASES:
                continue
            things = self.named(thing.home, plain).things
            yield things[0] if things and things[0].kind is ThingKind.CLASS else None

    def _read_folder(self, path: str) -> None:
        """Read a module together with its neighbours: they lie side by side in the wheel, and one asks for another."""
        self.files.fetch(self._neighbours.pop(posixpath.dirname(path), ()))

    def _is_registered(self, module: str) -> bool:
        """Whether a package above may make this module: it names it as a text beside sys.modules, or makes names."""
        words = (f'"{module}"'.encode(), f"'{module}'".encode())
        while module := module.rpartition(".")[0]:
            path = self._paths.get(module)
            data = self.files.get(path) if path is not None and path.endswith(_SOURCES) else None
            if data is None or b"sys.modules" not in data:
                continue
            code = self.code(module)
            if any(word in data for word in words) or (code is not None and registers_any(code.tree)):
                return True
        return False

    def _of_any(self, answer: Lookup, name: str, seen: _Seen) -> Lookup:
        found = [self._attribute(thing, name, seen) for thing in answer.things]
        return _together(found, answer.is_open)

    def _attribute(self, thing: Thing, name: str, seen: _Seen) -> Lookup:
        if thing.kind is ThingKind.MODULE:
            return self._name(thing.home, name, seen)
        if thing.kind is ThingKind.CLASS:
            return self._member(thing, name, 0)
        return _OPEN

    def _name(self, module: str, name: str, seen: _Seen) -> Lookup:
        """A name of a module: bound there, through a star import, or one of its submodules."""
        if (module, name) in seen or len(seen) > _DEEPEST:  # `from . import name` in the package itself
            return self._submodule(module, name)
        seen |= {(module, name)}
        code = self.code(module)
        if code is None:
            submodule = self._submodule(module, name)
            is_bare = module not in self._paths and name not in ALWAYS
            return submodule if submodule.things or is_bare else _OPEN
        if name in code.names:
            answers = [self._definition(module, each, seen) for each in code.names[name]]
            # A name that the module binds is there: where what it leads to is not found, that is only not known.
            return _together(answers, not any(each.things for each in answers))
        for star in reversed(code.stars):
            answer = self._through_star(star, name, seen)
            if not answer.is_missing:
                return answer
        submodule = self._submodule(module, name)
        if submodule.things:
            return submodule
        return _OPEN if code.is_dynamic or name in code.lazy or name in ALWAYS else _MISSING

    def _submodule(self, module: str, name: str) -> Lookup:
        submodule = f"{module}.{name}"
        return Lookup((Thing(ThingKind.MODULE, submodule),)) if self.exists(submodule) else _MISSING

    def _through_star(self, module: str, name: str, seen: _Seen) -> Lookup:
        if not self._is_ours(module):
            return _OPEN
        code = self.code(module)
        if code is None:
            return _OPEN
        if code.exported is not None and not code.is_dynamic and name not in code.exported:
            return _MISSING
        if code.exported is None and name.startswith("_"):
            return _MISSING
        return self._name(module, name, seen)

    def _definition(self, module: str, definition: Definition, seen: _Seen) -> Lookup:
        match definition.binding:
            case Binding.FUNCTION:
                return Lookup((Thing(ThingKind.FUNCTION, module, definition.node),))
            case Binding.CLASS:
                return Lookup((Thing(ThingKind.CLASS, module, definition.node),))
            case Binding.ALIAS:
                assert isinstance(definition.node, ast.expr)
                answer = self._expression(module, definition.node, seen)
                return answer if answer.things else Lookup((Thing(ThingKind.VALUE, module, definition.node),))
            case Binding.VALUE:
                return Lookup((Thing(ThingKind.VALUE, module, definition.node),))
            case Binding.MODULE:
                if not self._is_ours(definition.module):
                    return Lookup((Thing(ThingKind.FOREIGN, definition.module),))
                return self.find(definition.module)
            case Binding.FROM:
                if not self._is_ours(definition.module):
                    return Lookup((Thing(ThingKind.FOREIGN, definition.module),))
                if not self.exists(definition.module):
                    return _OPEN
                return self._name(definition.module, definition.name, seen)

    def _expression(self, module: str, node: ast.expr, seen: _Seen) -> Lookup:
        if isinstance(node, ast.Name):
            return self._name(module, node.id, seen)
        if isinstance(node, ast.Attribute):
            return self._of_any(self._expression(module, node.value, seen), node.attr, seen)
        return _OPEN

    def _is_ours(self, module: str) -> bool:
        return module.partition(".")[0] in self.tops

    def _member(self, thing: Thing, name: str, depth: int) -> Lookup:
        assert isinstance(thing.node, ast.ClassDef)
        own = [each for each in members(thing.node) if each[0] == name]
        if own:
            return Lookup(tuple(self._own_member(thing, node, depth) for _, node in own))
        if any(member in ("__getattr__", "__getattribute__") for member, _ in members(thing.node)):
            return _OPEN
        if gives_any_attribute(thing.node):
            return _OPEN
        is_open = depth > _DEEPEST or (name.startswith("__") and name.endswith("__"))
        if is_enumeration(thing.node):
            is_open |= name in ("name", "value") or hasattr(enum.IntFlag, name) or hasattr(str, name)
            return _OPEN if is_open else _MISSING
        for base in self.bases(thing):
            if base is None or depth > _DEEPEST:
                is_open = True
                continue
            answer = self._member(base, name, depth + 1)
            if answer.things:
                return answer
            is_open |= answer.is_open
        is_open |= any(word.arg == "metaclass" for word in thing.node.keywords)
        return _OPEN if is_open else _MISSING

    def _own_member(self, thing: Thing, node: ast.AST, depth: int) -> Thing:
        assert isinstance(thing.node, ast.ClassDef)
        if isinstance(node, ast.Name) and depth < _DEEPEST:  # `begin = plan` in a class body
            things = self._member(thing, node.id, depth + 1).things
            return things[0] if things else Thing(ThingKind.VALUE, thing.home, node, thing.node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            is_value = any("property" in each for each in decorator_names(node))
            kind = ThingKind.VALUE if is_value else ThingKind.FUNCTION
            return Thing(kind, thing.home, node, thing.node)
        if isinstance(node, ast.ClassDef):
            return Thing(ThingKind.CLASS, thing.home, node)
        return Thing(ThingKind.VALUE, thing.home, node, thing.node)


def _together(answers: Iterable[Lookup], is_open: bool) -> Lookup:
    """All that several answers allow."""
    things: dict[tuple[object, ...], Thing] = {}
    for answer in answers:
        is_open |= answer.is_open
        things |= {(each.kind, each.home, id(each.node)): each for each in answer.things}
    return Lookup(tuple(things.values()), is_open)


def _module_paths(names: Iterable[str]) -> dict[str, str]:
    """Every module of a wheel by its dotted name: sources before stubs before compiled files."""
    found: dict[str, str] = {}
    order = (*_SOURCES, *_COMPILED)
    ranked = [(order.index(ending), name) for name in names for ending in order if name.endswith(ending)]
    for _, name in sorted(ranked):
        folder, _, file = name.rpartition("/")
        stem = file.partition(".")[0]
        parts = [*folder.split("/"), stem] if folder else [stem]
        if stem == "__init__":
            parts = parts[:-1]
        # `data/` of a package may hold sources that nobody imports; a name with a dash is none either.
        if parts and all(part.isidentifier() for part in parts):
            found.setdefault(".".join(parts), name)
    return found
