"""One module of a repository, read statement by statement in the order in which it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import NamedTuple

from fi_bump.fit.engine.scopes import Scope
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.statements import Exports, StatementReader
from fi_bump.fit.engine.uses import Guard, PrivateCall, Use
from fi_bump.fit.engine.values import (
    NOTHING_KNOWN,
    Applied,
    Mapped,
    Pointer,
    Routine,
    Said,
    Self,
    Sequenced,
    Tested,
    Unknown,
    Values,
    pointers,
)
from fi_bump.fit.syntax import AnyFunction, decorator_names

# What another module of the repository exports, by its name; nothing for one that is not known.
Others = Callable[[str], Exports]
# Names, as in the text of a function: no byte of another alphabet is part of one.
_WORD = re.compile(rb"[A-Za-z0-9_]+")
# What says nothing of the package.
_DULL = frozenset([Unknown, Sequenced, Mapped, Said, Self, Routine])


class EngineModule(NamedTuple):
    """One file of a repository, and the dotted name by which its other modules import it."""

    path: str
    name: str
    data: bytes
    tree: ast.Module


class Reader:
    """Reads one module. `read` gives its uses, `exports` what other modules can take from it."""

    def __init__(self, module: EngineModule, subject: Subject, others: Others) -> None:
        is_package = module.path.rpartition("/")[2] == "__init__.py"
        package = module.name if is_package else module.name.rpartition(".")[0]
        self._code = StatementReader(module.path, module.data.split(b"\n"), subject, package, self)
        self._tree = module.tree
        self._others = others
        self._numbers: dict[int, int] = {}
        self._next = count()
        self._left: list[Callable[[frozenset[bytes] | None], list[Use]]] = []
        # The uses in each function, as they were found last.
        self._bodies: dict[int, list[Use]] = {}
        self._texts: dict[int, frozenset[bytes]] = {}
        # The function that is read.
        self._function: int | None = None
        self._module_words: frozenset[str] = frozenset()
        self.exports: dict[str, Values] = {}

    @property
    def stored(self) -> set[str]:
        """The attributes that the module itself gives to objects, whosever they are."""
        return self._code.stored

    @property
    def private(self) -> list[PrivateCall]:
        """The calls of compiled functions through private attributes."""
        return self._code.private

    def read(self) -> list[Use]:
        """The uses. What objects hold is known only once all methods were read: what names it is then read again."""
        self._bodies.clear()
        self._code.private.clear()
        known: dict[str, object] = {}
        again: frozenset[bytes] | None = None
        for _ in range(2):
            self._code.uses = []
            self._code.scope = Scope(None)
            self._code.guards = ()
            self._code.block(self._tree.body)
            module = dict(self._code.scope.now)
            self._module_words = self._words_of(module)
            uses = self._code.uses
            while self._left:
                uses += self._left.pop(0)(again)
            self._code.uses = uses
            learned = self._learned()
            words = {name for name, what in learned.items() if known.get(name) != what}
            if not words:
                break
            known, again = learned, _encoded(words)
        self.exports = {name: self._exported(values) for name, values in module.items() if "." not in name}
        self.exports = {name: values for name, values in self.exports.items() if values}
        return self._code.uses

    def _learned(self) -> dict[str, object]:
        """All that reading one function taught about others, by the name under which they meet it."""
        found: dict[str, object] = {name: frozenset(held) for name, held in self._code.attributes.items()}
        found |= {name: (found.get(name), "ambiguous") for name in self._code.ambiguous}
        for names in self._code.held.values():
            for name in self._words_of(names):
                found[name] = (found.get(name), names.get(name))
        for name, known in self._code.routines.learned().items():
            found[name] = (found.get(name), known)
        return found

    def _words_of(self, names: Mapping[str, Values]) -> frozenset[str]:
        """The names that hold something of the package."""
        return frozenset(
            part
            for name, values in names.items()
            if values and not all(type(each) in _DULL for each in values)
            for part in name.rpartition(".")[::2]
            if part
        )

    def _words_in(self, node: AnyFunction) -> frozenset[bytes]:
        """All names in the text of a function, its decorators included."""
        if id(node) not in self._texts:
            first = min((each.lineno for each in node.decorator_list), default=node.lineno)
            self._texts[id(node)] = frozenset(_WORD.findall(b"\n".join(self._code.lines[first - 1 : node.end_lineno])))
        return self._texts[id(node)]

    def _concerns(self, words: frozenset[bytes], scope: Scope) -> bool:
        """Whether a function, by the words in its text, names anything of the package: most do not.

        Those need not be read.
        """
        known = {*self._module_words, *self._code.subject.tops, *self._code.subject.private, *self._code.attributes}
        known |= {name for held in self._code.held.values() for name in self._words_of(held)}
        known |= self._code.routines.names
        known |= {"super"} if any(self._code.bases.values()) else set()
        outer: Scope | None = scope
        while outer is not None:
            known |= self._words_of(outer.now) if outer.outer is not None else set()
            outer = outer.outer
        return not words.isdisjoint(_encoded(known))

    def _exported(self, values: Values) -> Values:
        """What another module gets that imports the name."""
        found: set[Pointer | Applied | Tested] = set()
        for each in values:
            if isinstance(each, (Pointer, Applied, Tested)):
                found.add(each)
        return frozenset(found) | frozenset(self._code.routines.applied(values))

    def _number(self, node: ast.AST) -> int:
        if id(node) not in self._numbers:
            self._numbers[id(node)] = next(self._next)
        return self._numbers[id(node)]

    def define_function(self, node: AnyFunction) -> None:
        """Bind a function; its body is read later."""
        for each in node.decorator_list:
            self._code.evaluate(each)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self._code.evaluate(default)
        number = self._number(node)
        owner = (
            next((v for v in self._code.scope.now.get("", ()) if isinstance(v, Self)), None)
            if self._code.scope.is_class
            else None
        )
        stated = self._code.annotated(node.returns) if node.returns is not None else frozenset()
        self._code.routines.define(number, node, stated, is_method=owner is not None)
        scope, guards = self._code.scope, self._code.guards
        self._code.scope.bind(node.name, frozenset([Routine(number)]))
        if owner is not None:
            self._code.held.setdefault(owner.number, {}).setdefault(node.name, frozenset([Routine(number)]))
        self._left.append(lambda again: self._body(node, scope, guards, owner, again))

    def _body(
        self,
        node: AnyFunction,
        outer: Scope,
        guards: tuple[Guard, ...],
        owner: Self | None,
        again: frozenset[bytes] | None,
    ) -> list[Use]:
        """The uses in a function; with `again`, the known ones unless it names what was learned since."""
        words = self._words_in(node)
        known = self._bodies.get(id(node))
        if known is not None and again is not None and words.isdisjoint(again):
            return known
        self._code.uses = found = self._bodies[id(node)] = []
        inherits = owner is not None and bool(self._code.bases.get(owner.number))
        if not inherits and not self._concerns(words, outer):
            return found
        waiting, self._left = self._left, []
        self._code.scope, self._code.guards = Scope(outer), guards
        number = self._number(node)
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for each in given:
            typed = self._code.annotated(each.annotation) if each.annotation is not None else frozenset()
            self._code.scope.bind(each.arg, typed or self._code.routines.given(number, each.arg) or NOTHING_KNOWN)
        is_static = "staticmethod" in decorator_names(node)
        if owner is not None and given and not is_static and not (self._code.scope.now[given[0].arg] - NOTHING_KNOWN):
            self._code.scope.bind(given[0].arg, frozenset([owner]))
        self._function = number
        self._code.block(node.body)
        self._function = None
        self._pass_on(node)
        for inner in self._left:
            found += inner(again)
        self._left = waiting
        return found

    def _pass_on(self, node: AnyFunction) -> None:
        """Note what a function calls with all its own arguments: `return other(*args, **kwargs)`."""
        if node.args.vararg is None or node.args.kwarg is None or node.args.args:
            return
        args, kwargs = node.args.vararg.arg, node.args.kwarg.arg
        for statement in node.body:
            match statement:
                case ast.Return(
                    value=ast.Call(
                        func=function,
                        args=[ast.Starred(value=ast.Name(id=first))],
                        keywords=[ast.keyword(arg=None, value=ast.Name(id=second))],
                    )
                ) if (first, second) == (args, kwargs):
                    self._code.routines.pass_on(self._number(node), frozenset(pointers(self._code.chain(function))))

    def define_class(self, node: ast.ClassDef) -> None:
        """Read a class."""
        for each in (*node.decorator_list, *(word.value for word in node.keywords)):
            self._code.evaluate(each)
        number = self._number(node)
        bases = [each for base in node.bases for each in pointers(self._code.evaluate(base))]
        self._code.bases[number] = [each for each in bases if each.reference.path]
        outer = self._code.scope
        self._code.scope = Scope(outer, is_class=True)
        self._code.scope.now[""] = frozenset([Self(number)])
        self._code.block(node.body)
        if bases:
            # What a class of the package's kind has of its own is none of the package's.
            self._code.stored |= {name for name in self._code.scope.now if name}
        for name, values in self._code.scope.now.items():
            if name and pointers(values):
                self._code.held.setdefault(number, {})[name] = values
        self._code.scope = outer
        self._code.scope.bind(node.name, NOTHING_KNOWN)

    def others(self, module: str) -> Exports:
        """What another module of the repository exports."""
        return self._others(module)

    def returns(self, values: Values) -> None:
        """Note what the function that is read returns."""
        if self._function is not None:
            self._code.routines.return_(self._function, values)


def _encoded(words: Iterable[str]) -> frozenset[bytes]:
    """Names as they are in a file. Of one with letters beyond ASCII any part counts, since texts are split there."""
    return frozenset(part for word in words for part in _WORD.findall(word.encode()))
