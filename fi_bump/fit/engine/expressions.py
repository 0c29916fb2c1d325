"""What the expressions of a module evaluate to, as far as a package is concerned, and the uses that they make of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from fi_bump.fit.engine.state import ModuleState, Subject
from fi_bump.fit.engine.uses import RESULT, Guard, PrivateCall, UseKind
from fi_bump.fit.engine.values import (
    NOTHING_KNOWN,
    Applied,
    Collected,
    Mapped,
    Pointer,
    Released,
    Routine,
    Said,
    Self,
    Sequenced,
    Taken,
    Unknown,
    Value,
    Values,
    counted,
    mapped,
    pointers,
)
from fi_bump.fit.signature import Call
from fi_bump.fit.syntax import children, dotted

# What `inspect.signature(f)` gives, among the names of a path.
SIGNATURE = "signature()"


class Delegates(NamedTuple):
    """What an evaluator leaves to others, which ask it about the parts of what they are given.

    `special` tells what a call with a meaning of its own gives, or None for any other; `display` what a dict, list or
    tuple holds that is written out; `annotated` an object of the type that an annotation names. `bind` binds what an
    assignment names. `guards_of` tells what a test says of the code that runs where it holds, or where it does not.
    """

    special: Callable[[Evaluator, ast.Call, Values], Values | None]
    display: Callable[[Evaluator, ast.Dict | ast.List | ast.Tuple], Values]
    annotated: Callable[[Evaluator, ast.expr, bool], Values]
    bind: Callable[[Evaluator, ast.expr, Values], None]
    guards_of: Callable[[Evaluator, ast.expr, bool], tuple[Guard, ...]]


class Evaluator(ModuleState):
    """Evaluates the expressions of one module and collects the uses of a package."""

    def __init__(self, path: str, lines: list[bytes], subject: Subject, delegates: Delegates) -> None:
        super().__init__(path, lines, subject)
        self._delegates = delegates

    def evaluate(self, node: ast.expr | None) -> Values:
        """What an expression is, with every use inside it noted once."""
        match node:
            case None:
                return NOTHING_KNOWN
            case ast.Name() | ast.Attribute():
                values = self.chain(node)
                if isinstance(node, ast.Attribute):
                    self.use(node, UseKind.NAME, pointers(values))
                return values
            case ast.Call():
                return self._call(node)
            case ast.Constant(value=str() as text):
                return frozenset([Said(text)])
            case ast.Dict() | ast.List() | ast.Tuple():
                return self._delegates.display(self, node)
            case ast.IfExp():
                self.evaluate(node.test)
                return self._where(node.test, True, node.body) | self._where(node.test, False, node.orelse)
            case ast.BoolOp():
                return self._boolean(node)
            case ast.NamedExpr():
                values = self.evaluate(node.value)
                self.scope.bind(node.target.id, values)
                return values
            case ast.Subscript():
                base = self.evaluate(node.value)
                self.evaluate(node.slice)
                return held_by(base) or NOTHING_KNOWN
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Lambda():
                return self._lambda(node)
            case ast.Await() | ast.Starred():
                return self.evaluate(node.value)
            case _:
                for child in children(node):
                    if isinstance(child, ast.expr):
                        self.evaluate(child)
                return NOTHING_KNOWN

    def chain(self, node: ast.expr) -> Values:
        """What a chain of names is; no use is noted for its parts."""
        if isinstance(node, ast.Name):
            return unsure(self.scope.value(node.id))
        if not isinstance(node, ast.Attribute):
            return self.evaluate(node)
        text = dotted(node)
        if text is not None and text in self.scope.now:
            return unsure(self.scope.now[text])
        base = self.chain(node.value)
        return frozenset(each for value in base for each in self._attribute(value, node.attr)) or self._guess(node)

    def _attribute(self, value: Value, name: str) -> Iterable[Value]:
        match value:
            case Pointer(reference=reference):
                if name == "__version__" and not reference.path:
                    return [Released()]
                if name == "parameters" and reference.path[-1:] == (SIGNATURE,):
                    return [Taken(reference._replace(path=reference.path[:-1]))]
                return [replace(value, reference=reference.attribute(name))]
            case Self(number=number):
                held = self.held.get(number, {}).get(name)
                if held is not None:
                    return held
                bases = self.bases.get(number, [])
                return [replace(each, reference=each.reference.result.attribute(name)) for each in bases]
        return []

    def _guess(self, node: ast.Attribute) -> Values:
        """An attribute of an unknown object, where the module gives that name to one thing of the package alone."""
        found = self.attributes.get(node.attr, set())
        if len({each.reference for each in found}) == 1 and node.attr not in self.ambiguous:
            return frozenset(replace(each, is_guess=True) for each in found)
        return NOTHING_KNOWN

    def _where(self, test: ast.expr, holds: bool, node: ast.expr) -> Values:
        """What an expression is that runs only where a test holds, or where it does not."""
        outside = self.guards
        self.guards += self._delegates.guards_of(self, test, holds)
        values = self.evaluate(node)
        self.guards = outside
        return values

    def _boolean(self, node: ast.BoolOp) -> Values:
        """`a and b`, where b runs only if a holds; or `a or b`, where it runs only if a does not."""
        outside, values = self.guards, frozenset[Value]()
        for each in node.values:
            values |= self.evaluate(each)
            self.guards += self._delegates.guards_of(self, each, isinstance(node.op, ast.And))
        self.guards = outside
        return values

    def _call(self, node: ast.Call) -> Values:
        function = self.chain(node.func)
        special = self.special(node, function)
        if special is not None:
            return special
        call, positional, named = self._given(node)
        for value in function:
            if isinstance(value, Routine):
                self.routines.give(value.number, positional, named)
        found = pointers(function)
        self.use(node, UseKind.CALL, found, call)
        match node.func:
            case ast.Attribute(value=ast.Attribute(attr=attribute), attr=name) if attribute in self.subject.private:
                self.private.append(PrivateCall(self.place(node), attribute, name, call))
        applied = [value for value in function if isinstance(value, Applied)] + self.routines.applied(function)
        for each in applied:
            self.use(node, UseKind.CALL, [each.pointer], joined(each.call, call))
        called = (*found, *(each.pointer for each in applied))
        returned = frozenset(replace(each, reference=each.reference.result) for each in called if each.reference.path)
        return returned or self.routines.returned(function)

    def arguments(self, node: ast.Call) -> Call:
        """What a call gives, with every use inside its arguments noted."""
        return self._given(node)[0]

    def _given(self, node: ast.Call) -> tuple[Call, list[Values], dict[str, Values]]:
        """What a call gives, and the values: those by position as far as their places are known, and those by name."""
        values: list[Values] = []
        named: dict[str, Values] = {}
        positional, more = 0, False
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                several = counted(self.evaluate(argument.value))
                positional += several.least
                more |= several.is_open
                values += [frozenset()] * several.least
            else:
                given = self._hand_over(argument)
                if not more:  # behind a `*` of unknown length nobody knows its place
                    positional += 1
                    values.append(given)
        keywords: list[str] = []
        maybe: list[str] = []
        has_more = False
        for word in node.keywords:
            if word.arg is not None:
                keywords.append(word.arg)
                named[word.arg] = self._hand_over(word.value)
            else:
                spread = mapped(self.evaluate(word.value))
                keywords += sorted(spread.names)
                maybe += sorted(spread.maybe)
                has_more |= spread.is_open
        return Call(positional, tuple(keywords), tuple(maybe), more, has_more), values, named

    def _hand_over(self, node: ast.expr) -> Values:
        """An argument: a dict or list that is handed to somebody may come back with other contents."""
        values = self.evaluate(node)
        if isinstance(node, ast.Name) and any(isinstance(each, (Mapped, Sequenced)) for each in values):
            self.scope.bind(node.id, frozenset(opened(each) for each in values))
        return values

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Values:
        before = dict(self.scope.now)
        for each in node.generators:
            self.bind_target(each.target, held_by(self.evaluate(each.iter)) or NOTHING_KNOWN)
            for test in each.ifs:
                self.evaluate(test)
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        values = frozenset().union(*[self.evaluate(each) for each in parts])
        self.scope.now = before
        return frozenset(Collected(each) for each in pointers(values)) or NOTHING_KNOWN

    def _lambda(self, node: ast.Lambda) -> Values:
        before = dict(self.scope.now)
        given = node.args
        for default in (*given.defaults, *given.kw_defaults):
            self.evaluate(default)
        for each in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
            if each is not None:
                self.scope.bind(each.arg, NOTHING_KNOWN)
        self.evaluate(node.body)
        self.scope.now = before
        return NOTHING_KNOWN

    def special(self, node: ast.Call, function: Values) -> Values | None:
        """What a call of a special meaning gives, or None for any other."""
        return self._delegates.special(self, node, function)

    def bind_target(self, target: ast.expr, values: Values) -> None:
        """Bind what an assignment names: a name, an attribute, a key of a known dict."""
        self._delegates.bind(self, target, values)

    def annotated(self, node: ast.expr, *, is_run: bool = True) -> Values:
        """An object of the type that an annotation names. `is_run` says that Python evaluates it where it is."""
        return self._delegates.annotated(self, node, is_run)


def unsure(values: Values) -> Values:
    """An object that may also be one of another kind is only guessed at; a function that may be missing is not."""
    if len(values) == 1 or Unknown() not in values:
        return values
    return frozenset(
        replace(each, is_guess=True) if isinstance(each, Pointer) and RESULT in each.reference.path else each
        for each in values
    )


def held_by(values: Values) -> Values:
    """The things in a list or mapping."""
    return frozenset(each.pointer for each in values if isinstance(each, Collected))


def opened(value: Value) -> Value:
    """A dict or list after somebody else had it."""
    if isinstance(value, Mapped):
        return replace(value, is_open=True)
    return Sequenced(0, True) if isinstance(value, Sequenced) else value


def joined(first: Call, then: Call) -> Call:
    """A call with the arguments of a `partial` before its own; a keyword that is given again is given once."""
    return Call(
        first.positional + (0 if first.more_positional else then.positional),
        tuple(dict.fromkeys((*first.keywords, *then.keywords))),
        tuple(dict.fromkeys((*first.maybe, *then.maybe))),
        first.more_positional or then.more_positional,
        first.more_keywords or then.more_keywords,
    )
