"""The statements of a module, read in the order in which they run: what they bind, and what protects what they use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from fi_bump.fit.engine import containers, gates, special, stated_types
from fi_bump.fit.engine.expressions import Evaluator, held_by
from fi_bump.fit.engine.scopes import Environment, merged
from fi_bump.fit.engine.uses import Caught, Reference, UseKind
from fi_bump.fit.engine.values import NOTHING_KNOWN, Pointer, Self, Values, pointers
from fi_bump.fit.syntax import AnyFunction, absolute, dotted, last_name

# What a module of the repository binds at its top level that others can import.
Exports = Mapping[str, Values]
_ENDS = frozenset(["skip", "exit", "fail", "xfail"])


class StatementReader(Evaluator):
    """Reads statements. Functions and classes are the subclass's, and what other modules export."""

    # The package that relative imports start from.
    package: str = ""

    def _block(self, body: Iterable[ast.stmt]) -> bool:
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
                self.define_function(node)
            case ast.ClassDef():
                self.define_class(node)
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
                self.returns(self.evaluate(node.value))
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
            self._block(body)
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
        leaves = self._block(node.body)
        first, self.scope.now = self.scope.now, before
        self.guards = outside + otherwise
        leaves_too = self._block(node.orelse)
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
        leaves = self._block(node.body)
        self.guards = outside
        leaves = self._block(node.orelse) or leaves
        ends = [] if leaves else [self.scope.now]
        after = merged([before, self.scope.now])
        for handler in node.handlers:
            self.scope.now = dict(after)
            self.evaluate(handler.type)
            if not self._block(handler.body):
                ends.append(self.scope.now)
        self.scope.now = merged(ends) if ends else after
        self.guards = outside
        return self._block(node.finalbody) or not ends

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
        leaves = self._block(node.body)
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
        exports: Exports = {} if ours else self.others(module)
        for each in node.names:
            if each.name == "*":
                if ours:
                    self.use(each, UseKind.IMPORT, [Pointer(Reference(module))])
                for name, values in exports.items():
                    self.scope.bind(name, values)
                continue
            bound = each.asname or each.name
            if ours:
                pointer = Pointer(Reference(module, (each.name,)))
                self.use(each, UseKind.IMPORT, [pointer])
                self.scope.bind(bound, frozenset([pointer]))
            else:
                self.scope.bind(bound, exports.get(each.name, NOTHING_KNOWN))
                for name, values in self.others(f"{module}.{each.name}").items() if not ours else ():
                    self.scope.now[f"{bound}.{name}"] = values

    def _assignment(self, targets: list[ast.expr], value: ast.expr) -> None:
        values = self.evaluate(value)
        values |= gates.value_of_test(self, value)
        pairs = _pairs(targets, value)
        for target, part in pairs:
            is_named = isinstance(part, (ast.Name, ast.Attribute))
            self.bind_target(target, self.chain(part) if is_named else NOTHING_KNOWN)
        for target in () if pairs else targets:
            self.bind_target(target, values)

    def bind_target(self, target: ast.expr, values: Values) -> None:
        """Bind what an assignment names: a name, an attribute, a key of a known dict."""
        match target:
            case ast.Name(id=name):
                self.scope.bind(name, values or NOTHING_KNOWN)
            case ast.Attribute():
                self._bind_attribute(target, values or NOTHING_KNOWN)
            case ast.Subscript(value=base, slice=key):
                self.evaluate(key)
                containers.put(self, base, key, values)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for each in parts:
                    self.bind_target(each, NOTHING_KNOWN)
            case ast.Starred(value=inner):
                self.bind_target(inner, NOTHING_KNOWN)
            case _:
                pass

    def _bind_attribute(self, target: ast.Attribute, values: Values) -> None:
        owner = self.chain(target.value)
        self.stored.add(target.attr)
        text = dotted(target)
        if text is not None:
            self.scope.bind(text, values)
        found = pointers(values)
        for each in owner:
            if isinstance(each, Self):
                held = self.held.setdefault(each.number, {})
                held[target.attr] = held.get(target.attr, frozenset()) | (values - NOTHING_KNOWN)
        if found and all(each.reference.path for each in found):
            self.attributes.setdefault(target.attr, set()).update(found)

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

    def special(self, node: ast.Call, function: Values) -> Values | None:
        """What a call of a special meaning gives, or None for any other."""
        return special.value_of(self, node, function)

    def display(self, node: ast.Dict | ast.List | ast.Tuple) -> Values:
        """What a dict, list or tuple that is written out holds."""
        return containers.displayed(self, node)

    def annotated(self, node: ast.expr, *, is_run: bool = True) -> Values:
        """An object of the type that an annotation names."""
        return stated_types.annotated(self, node, is_run=is_run)

    def define_function(self, node: AnyFunction) -> None:
        """Bind a function; its body is read later."""
        raise NotImplementedError

    def define_class(self, node: ast.ClassDef) -> None:
        """Read a class."""
        raise NotImplementedError

    def returns(self, values: Values) -> None:
        """Note what the function that is read returns."""
        raise NotImplementedError

    def others(self, module: str) -> Exports:
        """What another module of the repository exports."""
        raise NotImplementedError


def _pairs(targets: list[ast.expr], value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """What each target of `a, b = c, d` gets; nothing for any other assignment."""
    match targets, value:
        case [ast.Tuple(elts=names)], ast.Tuple(elts=parts) if len(names) == len(parts):
            if not any(isinstance(each, ast.Starred) for each in (*names, *parts)):
                return list(zip(names, parts, strict=True))
    return []
