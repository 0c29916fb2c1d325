"""The statements of a module, read in the order in which they run: what they bind, and what protects what they use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Protocol

from fi_bump.fit.engine import containers, gates, optional_imports, special, stated_types
from fi_bump.fit.engine.binding import bind
from fi_bump.fit.engine.expressions import Delegates, Evaluator, held_by
from fi_bump.fit.engine.scopes import Environment, merged
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.uses import Caught, Reference, UseKind
from fi_bump.fit.engine.values import NOTHING_KNOWN, Pointer, Values, pointers
from fi_bump.fit.syntax import AnyFunction, absolute, last_name

# What a module of the repository binds at its top level that others can import.
Exports = Mapping[str, Values]
_DELEGATES = Delegates(special.value_of, containers.displayed, stated_types.annotated, bind, gates.guards_of)
_ENDS = frozenset(["skip", "exit", "fail", "xfail"])


class Definitions(Protocol):
    """What is done with the functions and classes of a module, and what other modules export."""

    def define_function(self, node: AnyFunction) -> None:
        """Bind a function; its body is read later."""

    def define_class(self, node: ast.ClassDef) -> None:
        """Read a class."""

    def returns(self, values: Values) -> None:
        """Note what the function that is read returns."""

    def others(self, module: str) -> Exports:
        """What another module of the repository exports."""


class StatementReader(Evaluator):
    """Reads statements. `package` is the one that relative imports start from."""

    def __init__(self, path: str, lines: list[bytes], subject: Subject, package: str, definitions: Definitions) -> None:
        super().__init__(path, lines, subject, _DELEGATES)
        self.package = package
        self._definitions = definitions

    def block(self, body: Iterable[ast.stmt]) -> bool:
        """Read statements; whether control leaves the block before its end."""
        before = self.guards
        leaves = False
        for statement in body:
            leaves = self._statement(statement) or leaves
        self.guards = before
        return leaves

    def _statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.Import():
                self._import(node)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._definitions.define_function(node)
            case ast.ClassDef():
                self._definitions.define_class(node)
            case ast.Assign():
                self._assignment(node.targets, node.value)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.AugAssign():
                containers.augmented(self, node)
            case ast.If():
                return self._if(node)
            case ast.For() | ast.AsyncFor():
                values = self.evaluate(node.iter)
                self.bind_target(node.target, held_by(values))
                self._branches([node.body, node.orelse, []])
            case ast.While():
                self.evaluate(node.test)
                self._branches([node.body, node.orelse, []])
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.With() | ast.AsyncWith():
                return self._with(node)
            case ast.Assert():
                self.evaluate(node.test)
                stated_types.narrow(self, node.test)
                self.guards += gates.guards_of(self, node.test, True)
            case ast.Delete():
                for target in node.targets:
                    containers.deleted(self, target)
            case ast.Match():
                self.evaluate(node.subject)
                self._branches([*(case.body for case in node.cases), []])
            case ast.Return():
                self._definitions.returns(self.evaluate(node.value))
                return True
            case ast.Raise():
                self.evaluate(node.exc)
                return True
            case ast.Break() | ast.Continue():
                return True
            case ast.Expr():
                self.evaluate(node.value)
                return isinstance(node.value, ast.Call) and last_name(node.value.func) in _ENDS
            case _:
                pass
        return False

    def _branches(self, bodies: Iterable[Iterable[ast.stmt]]) -> None:
        before = dict(self.scope.now)
        ends: list[Environment] = []
        for body in bodies:
            self.scope.now = dict(before)
            self.block(body)
            ends.append(self.scope.now)
        self.scope.now = merged(ends)

    def _if(self, node: ast.If) -> bool:
        self.evaluate(node.test)
        outside = self.guards
        before = dict(self.scope.now)
        then = gates.guards_of(self, node.test, True)
        otherwise = gates.guards_of(self, node.test, False)
        self.guards = outside + then
        stated_types.narrow(self, node.test)
        leaves = self.block(node.body)
        first, self.scope.now = self.scope.now, before
        self.guards = outside + otherwise
        leaves_too = self.block(node.orelse)
        second = self.scope.now
        # What follows a branch that never comes back runs only where the other one was taken.
        self.guards = outside + (otherwise if leaves else ()) + (then if leaves_too else ())
        if leaves != leaves_too:
            self.scope.now = second if leaves else first
        else:
            self.scope.now = merged([first, second])
        return leaves and leaves_too

    def _try(self, node: ast.Try | ast.TryStar) -> bool:
        before, outside = dict(self.scope.now), self.guards
        self.guards += gates.caught(node.handlers)
        leaves = self.block(node.body)
        self.guards = outside
        leaves = self.block(node.orelse) or leaves
        ends = [] if leaves else [self.scope.now]
        after = merged([before, self.scope.now])
        brought = optional_imports.brought(before, self.scope.now)
        goes_on: list[ast.ExceptHandler] = []
        for handler in node.handlers:
            self.scope.now = dict(after)
            self.evaluate(handler.type)
            instead = optional_imports.instead(node, handler, brought)
            self.guards = outside + instead
            left = self.block(handler.body)
            self.guards = outside
            if any(isinstance(each, Caught) for each in instead):
                self.scope.now |= optional_imports.optional(after, self.scope.now)
            if not left:
                ends.append(self.scope.now)
                goes_on.append(handler)
        self.scope.now = merged(ends) if ends else after
        self.scope.now |= optional_imports.settled(self.scope.now, brought, node, goes_on)
        self.guards = outside
        return self.block(node.finalbody) or not ends

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        outside = self.guards
        for item in node.items:
            values = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, values)
            context = item.context_expr
            if isinstance(context, ast.Call) and last_name(context.func) in ("suppress", "raises") and context.args:
                protects = set().union(*(gates.protected(each) for each in context.args))
                self.guards += (Caught(frozenset(protects)),) if protects else ()
        leaves = self.block(node.body)
        self.guards = outside
        return leaves and self.guards == outside

    def _import(self, node: ast.Import) -> None:
        for each in node.names:
            if each.name.partition(".")[0] not in self.subject.tops:
                self.scope.bind(each.asname or each.name.partition(".")[0], NOTHING_KNOWN)
                continue
            pointer = Pointer(Reference(each.name))
            self.use(each, UseKind.IMPORT, [pointer])
            top = Pointer(Reference(each.name.partition(".")[0]))
            self.scope.bind(each.asname or top.reference.module, frozenset([pointer if each.asname else top]))

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = absolute(self.package, node.level, node.module)
        self.are_annotations_texts |= module == "__future__" and any(each.name == "annotations" for each in node.names)
        ours = node.level == 0 and module.partition(".")[0] in self.subject.tops
        exports: Exports = {} if ours else self._definitions.others(module)
        for each in node.names:
            if each.name == "*":
                if ours:
                    self.use(each, UseKind.IMPORT, [Pointer(Reference(module))])
                for name, values in exports.items():
                    self.scope.bind(name, values)
                continue
            bound = each.asname or each.name
            if ours:
                reference = Reference(module, (each.name,))
                pointer = Pointer(reference, attempted=reference if gates.may_fail(self.guards) else None)
                self.use(each, UseKind.IMPORT, [pointer])
                self.scope.bind(bound, frozenset([pointer]))
            else:
                self.scope.bind(bound, exports.get(each.name, NOTHING_KNOWN))
                for name, values in self._definitions.others(f"{module}.{each.name}").items() if not ours else ():
                    self.scope.now[f"{bound}.{name}"] = values

    def _assignment(self, targets: list[ast.expr], value: ast.expr) -> None:
        values = self.evaluate(value)
        values |= gates.value_of_test(self, value)
        if self.scope.outer is None:
            # Its functions go by a name that holds whether a thing is there, in ways that are not all followed.
            self.tested |= gates.tested_names(self, value)
        pairs = _pairs(targets, value)
        for target, part in pairs:
            is_named = isinstance(part, (ast.Name, ast.Attribute))
            self.bind_target(target, self.chain(part) if is_named else NOTHING_KNOWN)
        for target in () if pairs else targets:
            self.bind_target(target, values)

    def _annotated(self, node: ast.AnnAssign) -> None:
        # Python does not evaluate the annotation of a local variable.
        is_local = self.scope.outer is not None and not self.scope.is_class
        typed = self.annotated(node.annotation, is_run=not (is_local and node.simple))
        if node.value is None:
            if isinstance(node.target, ast.Name) and self.scope.is_class:
                self._field(node.target.id, typed)
            elif typed:
                self.bind_target(node.target, typed)
            return
        values = self.evaluate(node.value) | gates.value_of_test(self, node.value)
        if isinstance(node.target, ast.Name) and self.scope.is_class:
            self._field(node.target.id, typed)
        self.bind_target(node.target, (values - NOTHING_KNOWN) | typed or NOTHING_KNOWN)
        if typed and isinstance(node.target, ast.Attribute):
            self._field(node.target.attr, typed)

    def _field(self, name: str, typed: Values) -> None:
        """Note an attribute whose type is stated; one of a class of the repository, or of several, is ambiguous."""
        found = pointers(typed)
        if len(found) == 1:
            self.attributes.setdefault(name, set()).update(found)
        elif not found:
            self.ambiguous.add(name)


def _pairs(targets: list[ast.expr], value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """What each target of `a, b = c, d` gets; nothing for any other assignment."""
    match targets, value:
        case [ast.Tuple(elts=names)], ast.Tuple(elts=parts) if len(names) == len(parts):
            if not any(isinstance(each, ast.Starred) for each in (*names, *parts)):
                return list(zip(names, parts, strict=True))
    return []
