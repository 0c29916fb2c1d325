"""One module of a release: the names that its top level binds, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from fi_bump.fit.syntax import absolute, decorator_names, parsed, walk
from fi_bump.fit.wheel.lazy_names import is_only_read, lazy_names, texts

# What every module has without saying so, beside a version that a build writes.
ALWAYS = frozenset(
    [
        "__name__",
        "__file__",
        "__doc__",
        "__path__",
        "__spec__",
        "__loader__",
        "__package__",
        "__dict__",
        "__builtins__",
        "__cached__",
        "__annotations__",
        "__class__",
        "__getattribute__",
        "__dir__",
    ]
)


class Binding(Enum):
    """How a name is bound at the top level of a module."""

    FUNCTION = "def"
    CLASS = "class"
    ALIAS = "another name of something"
    VALUE = "any other value"
    MODULE = "import"
    FROM = "from … import"


class Definition(NamedTuple):
    """One binding of a name. `module` and `name` are what an import names, `node` is the source of all others."""

    binding: Binding
    node: ast.AST | None = None
    module: str = ""
    name: str = ""


class ModuleCode:
    """The names of one module, with every definition that they may have: branches of an `if` or a `try` all count.

    `stars` are the modules of its star imports, `lazy` the names that its `__getattr__` can give. `is_dynamic` says
    that any other name can come to be there (a `__getattr__` that is not understood, `globals()[…] =`, a module that
    replaces itself): what is not found is then not known.
    """

    def __init__(self, name: str, data: bytes, *, is_package: bool) -> None:
        self.name = name
        self.package = name if is_package else name.rpartition(".")[0]
        self.names: dict[str, list[Definition]] = {}
        self.stars: list[str] = []
        self.exported: frozenset[str] | None = None
        self.lazy: frozenset[str] = frozenset()
        self.is_dynamic = False
        self.tree = parsed(data)
        if self.tree is None:
            self.is_dynamic = True
        else:
            self._block(self.tree.body, certain=True)
            lazy = self._lazy(self.tree) if "__getattr__" in self.names else frozenset()
            self.lazy = lazy or frozenset()
            self.is_dynamic |= lazy is None or _builds_itself(self.tree, data)

    def absolute(self, level: int, module: str | None) -> str:
        """The full name of the module that a `from` import names."""
        return absolute(self.package, level, module)

    def _lazy(self, tree: ast.Module) -> frozenset[str] | None:
        """The names that the module's `__getattr__` can give; None where that may be any."""
        (first, *others) = self.names["__getattr__"]
        function = first.node
        if others or not isinstance(function, ast.FunctionDef) or function.decorator_list or function not in tree.body:
            return None
        asked: set[str] = set()

        def table(name: str) -> frozenset[str] | None:
            definitions = self.names.get(name, [])
            node = definitions[0].node if len(definitions) == 1 else None
            if name in asked or not isinstance(node, ast.expr) or not is_only_read(name, tree):
                return None
            asked.add(name)
            found = texts(node, table)
            asked.discard(name)
            return found

        return lazy_names(function, table)

    def _bind(self, name: str, definition: Definition, certain: bool) -> None:
        before = self.names.setdefault(name, [])
        if certain:
            before.clear()
        before.append(definition)

    def _block(self, body: Iterable[ast.stmt], certain: bool) -> None:
        for statement in body:
            self._statement(statement, certain)

    def _statement(self, node: ast.stmt, certain: bool) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if "overload" not in decorator_names(node):
                    self._bind(node.name, Definition(Binding.FUNCTION, node), certain)
            case ast.ClassDef():
                self._bind(node.name, Definition(Binding.CLASS, node), certain)
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, node.value, certain)
            case ast.AnnAssign() if node.value is not None:
                self._assign(node.target, node.value, certain)
            case ast.AnnAssign(target=ast.Name(id=name)):
                self._bind(name, Definition(Binding.VALUE, node), certain)
            case ast.AugAssign(target=ast.Name(id="__all__")):
                self.exported = None
            case ast.Import():
                for each in node.names:
                    bound = each.asname or each.name.partition(".")[0]
                    module = each.name if each.asname else bound
                    self._bind(bound, Definition(Binding.MODULE, None, module), certain)
            case ast.ImportFrom():
                self._from(node, certain)
            case ast.If():
                self._block(node.body, False)
                self._block(node.orelse, False)
            case ast.Try() | ast.TryStar():
                self._block(node.body, False)
                for handler in node.handlers:
                    self._block(handler.body, False)
                self._block(node.orelse, False)
                self._block(node.finalbody, certain)
            case ast.With() | ast.AsyncWith():
                self._block(node.body, certain)
            case ast.For() | ast.AsyncFor() | ast.While():
                if isinstance(node, (ast.For, ast.AsyncFor)):
                    self._assign(node.target, node.iter, False)
                self._block(node.body, False)
                self._block(node.orelse, False)

    def _assign(self, target: ast.expr, value: ast.expr, certain: bool) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self._assign(each, ast.Constant(None), certain)
        elif isinstance(target, ast.Name):
            binding = Binding.ALIAS if isinstance(value, (ast.Name, ast.Attribute)) else Binding.VALUE
            self._bind(target.id, Definition(binding, value), certain)
            if target.id == "__all__":
                self.exported = _texts(value)

    def _from(self, node: ast.ImportFrom, certain: bool) -> None:
        module = self.absolute(node.level, node.module)
        for each in node.names:
            if each.name == "*":
                self.stars.append(module)
            else:
                self._bind(each.asname or each.name, Definition(Binding.FROM, None, module, each.name), certain)


def _texts(node: ast.expr) -> frozenset[str] | None:
    """The texts of a list that is written out; None for anything else."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        texts = [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        return frozenset(texts) if len(texts) == len(node.elts) else None
    return None


def _builds_itself(tree: ast.Module, data: bytes) -> bool:
    """Whether the module binds names that no statement shows: through globals(), vars(), exec or sys.modules."""
    if not any(word in data for word in (b"globals()", b"vars()", b"sys.modules")):
        return False
    # What `__getattr__` binds are the names that it gives.
    body = [each for each in tree.body if not (isinstance(each, ast.FunctionDef) and each.name == "__getattr__")]
    return any(_binds_names(node) for each in body for node in walk(each))


def registers_any(tree: ast.Module | None) -> bool:
    """Whether a module puts others into sys.modules under names that it makes."""
    for node in walk(tree) if tree is not None else ():
        match node:
            case ast.Subscript(value=base, slice=key, ctx=ast.Store()) if ast.unparse(base) == "sys.modules":
                # `sys.modules[__name__]` is the module itself.
                if not isinstance(key, ast.Constant) and ast.unparse(key) != "__name__":
                    return True
    return False


def _binds_names(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(value=base, ctx=ast.Store()):
            return _is_namespace(base) or ast.unparse(base) == "sys.modules"
        case ast.Call(func=ast.Attribute(value=base, attr="update")):
            return _is_namespace(base)
        case ast.Call(func=ast.Name(id="exec"), args=[_, space, *_]):
            return _is_namespace(space)
        case ast.Call(func=ast.Name(id="setattr"), args=[base, *_]):
            return _is_namespace(base) or ast.unparse(base).startswith("sys.modules")
    return False


def _is_namespace(node: ast.expr) -> bool:
    """Whether an expression is `globals()` or `vars()`."""
    return isinstance(node, ast.Call) and not node.args and ast.unparse(node.func) in ("globals", "vars")
