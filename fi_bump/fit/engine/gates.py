"""Tests of a package that decide whether code runs: of its version, its names, and what its functions take."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from fi_bump.fit.engine.expressions import Evaluator
from fi_bump.fit.engine.uses import Acceptance, Caught, Guard, OtherTest, Presence, Protection, Reference, VersionTest
from fi_bump.fit.engine.values import Imported, Pointer, Released, Supported, Taken, Tested, Values, pointers
from fi_bump.fit.syntax import last_name, walk

_OPERATORS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_ABSENCE = frozenset(["ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"])
_CALL = frozenset(["TypeError", "Exception", "BaseException"])


def guards_of(evaluator: Evaluator, test: ast.expr, holds: bool) -> tuple[Guard, ...]:
    """What a test says of the code that runs where it holds, or where it does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return guards_of(evaluator, inner, not holds)
        case ast.BoolOp(op=operator, values=parts):
            found = tuple(each for part in parts for each in guards_of(evaluator, part, holds))
            if isinstance(operator, ast.And) is holds or len(parts) == 1:
                return found
            # Some part decides, and which one is not known.
            return (OtherTest(),) if found else ()
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return (Caught(frozenset(Protection)),) if holds else ()
        case ast.Call(func=function, args=[_, ast.Constant(value=str() as name), *_]) if (
            last_name(function) == "hasattr"
        ):
            found_at = pointers(evaluator.chain(test.args[0]))
            return tuple(Presence(each.reference.attribute(name), holds) for each in found_at)
    return tuple(_compared(evaluator, test, holds))


def _compared(evaluator: Evaluator, test: ast.expr, holds: bool) -> Iterator[Guard]:
    for each in tested(evaluator, test):
        yield VersionTest(each.operator, each.version, holds)
        return
    match test:
        case ast.Compare(left=ast.Constant(value=str() as keyword), ops=[ast.In() | ast.NotIn() as operator]):
            for value in evaluator.chain(test.comparators[0]):
                if isinstance(value, Taken):
                    yield Acceptance(value.reference, keyword, holds is isinstance(operator, ast.In))
        case ast.Name() | ast.Attribute() | ast.Call() if found := _supported(evaluator, test):
            yield from (Acceptance(each.reference, each.keyword, holds) for each in found)
        case ast.Name() | ast.Attribute():
            yield from _imported(evaluator, test, holds)
        case ast.Compare(left=named, ops=[ast.Is() | ast.IsNot() as operator], comparators=[ast.Constant(value=None)]):
            yield from _imported(evaluator, named, holds is isinstance(operator, ast.IsNot))
        case _ if _mentions_version(evaluator, test):
            yield OtherTest()


def _imported(evaluator: Evaluator, named: ast.expr, holds: bool) -> Iterator[Presence]:
    """What a test says whether a name has anything: an import that may fail brought it, or set it."""
    for each in evaluator.chain(named) if isinstance(named, (ast.Name, ast.Attribute)) else ():
        match each:
            case Pointer(attempted=Reference() as reference) | Pointer(optional=Reference() as reference):
                yield Presence(reference, holds)
            case Imported(references=references) if holds or len(references) == 1:
                # Where an import of several things failed, which one is missing is not known.
                yield from (Presence(reference, holds) for reference in references)


def _supported(evaluator: Evaluator, test: ast.expr) -> list[Supported]:
    """What a test says of the keywords of a callable: it asks now, or a name holds what it said."""
    noted = len(evaluator.uses)
    values = evaluator.special(test, frozenset()) if isinstance(test, ast.Call) else evaluator.chain(test)
    del evaluator.uses[noted:]  # they were noted when the test was evaluated
    return [each for each in values or () if isinstance(each, Supported)]


def tested(evaluator: Evaluator, node: ast.expr) -> list[Tested]:
    """The comparison of the package's version that an expression makes, or a name holds."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
        operator = _OPERATORS[type(node.ops[0])]
        left, right = node.left, node.comparators[0]
        if _is_version(evaluator, left) and (text := _text(right)) is not None:
            return [Tested(operator, text)]
        if _is_version(evaluator, right) and (text := _text(left)) is not None:
            return [Tested(_TURNED[operator], text)]
        return []
    if isinstance(node, ast.Call) and "version" in last_name(node.func).lower() and len(node.args) >= 2:
        texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        named = [text for text in texts if evaluator.subject.has(text)]
        others = [text for text in texts if text[:1].isdigit()]
        return [Tested(">=", others[0])] if named and others else []
    if isinstance(node, (ast.Name, ast.Attribute)):
        return [each for each in evaluator.chain(node) if isinstance(each, Tested)]
    return []


def tested_names(evaluator: Evaluator, node: ast.expr) -> set[str]:
    """The names whose presence an expression tells: `hasattr(kit, "run")`, `getattr(kit, "run", None) is not None`."""
    found: set[str] = set()
    for each in walk(node):
        match each:
            case ast.Call(
                func=ast.Name(id="hasattr" | "getattr"), args=[base, ast.Constant(value=str() as name), *more]
            ):
                # What `getattr` alone gives is the thing itself, or what is there in its place.
                if last_name(each.func) == "hasattr" or (more and each is not node):
                    found |= {pointer.reference.attribute(name).shown for pointer in pointers(evaluator.chain(base))}
    return found


def value_of_test(evaluator: Evaluator, node: ast.expr) -> Values:
    """What a name holds that is assigned a comparison of the package's version."""
    return frozenset(tested(evaluator, node))


def _is_version(evaluator: Evaluator, node: ast.expr) -> bool:
    """Whether an expression is the package's version, parsed in whatever way."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        return any(isinstance(each, Released) for each in evaluator.chain(node))
    if isinstance(node, ast.Call):
        if last_name(node.func) == "version" and len(node.args) == 1 and isinstance(node.args[0], ast.Constant):
            return isinstance(node.args[0].value, str) and evaluator.subject.has(node.args[0].value)
        return any(_is_version(evaluator, each) for each in node.args)
    return False


def _text(node: ast.expr) -> str | None:
    """The version that an expression writes out: `"0.2.3"`, `Version("0.2.3")`, `(0, 2, 3)`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call) and len(node.args) == 1:
        return _text(node.args[0])
    if isinstance(node, ast.Tuple) and all(isinstance(e, ast.Constant) and isinstance(e.value, int) for e in node.elts):
        return ".".join(ast.unparse(each) for each in node.elts)
    return None


def _mentions_version(evaluator: Evaluator, test: ast.expr) -> bool:
    for node in walk(test):
        match node:
            case ast.Name() | ast.Attribute():
                if any(isinstance(each, (Released, Taken, Tested)) for each in evaluator.chain(node)):
                    return True
            case ast.Call(func=function, args=[first, *_]) if last_name(function) in ("hasattr", "signature"):
                if pointers(evaluator.chain(first)):
                    return True
    return False


def may_fail(guards: Iterable[Guard]) -> bool:
    """Whether the code goes on if an import among these guards fails."""
    return any(isinstance(each, Caught) and Protection.ABSENCE in each.protects for each in guards)


def caught(handlers: list[ast.ExceptHandler]) -> tuple[Guard, ...]:
    """What the handlers of a `try` protect its body from; one that raises again protects from nothing."""
    protects: set[Protection] = set()
    for handler in handlers:
        if any(isinstance(each, ast.Raise) for each in handler.body):
            continue
        protects |= protected(handler.type)
    return (Caught(frozenset(protects)),) if protects else ()


def protected(node: ast.expr | None) -> set[Protection]:
    """What catching these exceptions protects from; None catches all."""
    if node is None:
        return set(Protection)
    names = {last_name(each) for each in (node.elts if isinstance(node, ast.Tuple) else [node])}
    found = {Protection.ABSENCE} if names & _ABSENCE else set()
    return found | ({Protection.CALL} if names & _CALL else set())
