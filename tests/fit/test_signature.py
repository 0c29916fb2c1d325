"""A call bound to a signature that is only read, with inspect.signature(...).bind as the oracle."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.fit.signature import (
    Call,
    Fault,
    Misfit,
    Parameter,
    Passing,
    Shift,
    Signature,
    changed_defaults,
    misfits,
    shifts,
)
from fi_bump.fit.wheel.signatures import signature_of

NAMES = ["a", "b", "c", "d", "e", "f"]


def function(text: str) -> Callable[..., None]:
    """A function with such a signature."""
    space: dict[str, Any] = {}
    exec(f"def f{text}: pass", space)
    made: Callable[..., None] = space["f"]
    return made


def read(text: str) -> Signature:
    """The signature as the product reads it from source."""
    node = ast.parse(f"def f{text}: pass").body[0]
    assert isinstance(node, ast.FunctionDef)
    return signature_of(node)


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    """Any signature of up to six parameters that Python takes."""
    names = draw(st.permutations(NAMES))[: draw(st.integers(0, 6))]
    kinds = sorted(draw(st.lists(st.sampled_from(list(Passing)), min_size=len(names), max_size=len(names))), key=ORDER)
    optional = False
    parameters = []
    for name, kind in zip(names, kinds, strict=True):
        has = draw(st.booleans())
        if kind is not Passing.KEYWORD:
            optional = has = optional or has  # no required one behind an optional one
        parameters.append(Parameter(name, kind, draw(st.sampled_from(["None", "1", "'x'"])) if has else None))
    return Signature(tuple(parameters), draw(st.booleans()), draw(st.booleans()))


ORDER = list(Passing).index


@st.composite
def calls_of(draw: st.DrawFn, signature: Signature) -> Call:
    """A call that binds to the signature."""
    slots = signature.positional
    number = draw(st.integers(0, len(slots) + (2 if signature.takes_args else 0)))
    by_name = [each for each in signature.parameters[min(number, len(slots)) :] if each.kind is not Passing.POSITIONAL]
    by_name = [each for each in by_name if each not in slots[:number]]
    keywords = [each.name for each in by_name if each.default is None or draw(st.booleans())]
    if signature.takes_kwargs:
        keywords += ["other"] * draw(st.integers(0, 1))
    missing = [each for each in slots[number:] if each.kind is Passing.POSITIONAL and each.default is None]
    return Call(number + len(missing) if missing else number, tuple(keywords))


def bound(signature: Signature, call: Call) -> dict[str, Any] | None:
    """What each parameter gets by inspect, or None where it refuses the call."""
    try:
        given = inspect.signature(function(str(signature))).bind(
            *range(call.positional), **dict.fromkeys(call.keywords, "by name")
        )
    except TypeError:
        return None
    return dict(given.arguments)


def accepted(signature: Signature, call: Call) -> bool:
    """Whether Python takes the call; inspect must say the same.

    Before Python 3.13 `bind` refuses `f(a=1)` for `f(a=None, /, **kwargs)`, which Python takes: there the call decides.
    """
    try:
        function(str(signature))(*range(call.positional), **dict.fromkeys(call.keywords, "by name"))
        takes = True
    except TypeError:
        takes = False
    positional_only = {each.name for each in signature.parameters if each.kind is Passing.POSITIONAL}
    assert takes == (bound(signature, call) is not None) or positional_only & {*call.keywords}
    return takes


@given(signatures())
def test_a_signature_is_written_as_python_writes_it(signature: Signature) -> None:
    assert str(signature) == str(inspect.signature(function(str(signature))))
    assert read(str(signature)) == signature


@pytest.mark.slow
@given(signatures(), st.integers(0, 7), st.lists(st.sampled_from([*NAMES, "other"]), unique=True))
def test_misfits_are_what_python_refuses(signature: Signature, number: int, keywords: list[str]) -> None:
    call = Call(number, tuple(keywords))
    assert (misfits(signature, call) == []) == accepted(signature, call)


@st.composite
def mutations(draw: st.DrawFn, signature: Signature) -> Signature:
    """The signature after one or two changes that a release may make."""
    for _ in range(draw(st.integers(1, 2))):
        parameters = list(signature.parameters)
        what = draw(st.sampled_from(["drop", "add", "rename", "swap", "default", "kind", "args", "kwargs"]))
        at = draw(st.integers(0, max(len(parameters) - 1, 0)))
        match what:
            case "drop" if parameters:
                del parameters[at]
            case "add":
                fresh = next(name for name in [*NAMES, "g", "h"] if signature.parameter(name) is None)
                parameters.insert(at, Parameter(fresh, draw(st.sampled_from(list(Passing))), draw(DEFAULTS)))
            case "rename" if parameters:
                fresh = next(name for name in [*NAMES, "g", "h"] if signature.parameter(name) is None)
                parameters[at] = parameters[at]._replace(name=fresh)
            case "swap" if parameters:
                other = draw(st.integers(0, len(parameters) - 1))
                parameters[at], parameters[other] = parameters[other], parameters[at]
            case "default" if parameters:
                parameters[at] = parameters[at]._replace(default=draw(DEFAULTS))
            case "kind" if parameters:
                parameters[at] = parameters[at]._replace(kind=draw(st.sampled_from(list(Passing))))
        signature = Signature(
            legal(parameters), signature.takes_args ^ (what == "args"), signature.takes_kwargs ^ (what == "kwargs")
        )
    return signature


DEFAULTS = st.sampled_from([None, "None", "1", "2"])


def legal(parameters: list[Parameter]) -> tuple[Parameter, ...]:
    """The parameters in an order that Python takes, with a default behind each default."""
    optional = False
    found = []
    for each in sorted(parameters, key=lambda each: ORDER(each.kind)):
        if each.kind is not Passing.KEYWORD:
            optional = optional or each.default is not None
            each = each._replace(default=each.default or ("0" if optional else None))
        found.append(each)
    return tuple(found)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_every_breaking_mutation_is_found_and_no_other(data: st.DataObject) -> None:
    old = data.draw(signatures())
    call = data.draw(calls_of(old))
    before = bound(old, call)
    if before is None:  # a missing positional-only one that a keyword had named
        return
    assert misfits(old, call) == []
    new = data.draw(mutations(old))
    after = bound(new, call)
    assert (misfits(new, call) == []) == accepted(new, call)
    if after is not None:
        moved = [
            index
            for index in range(call.positional)
            if (was := holder(before, index)) and (now := holder(after, index)) != was
            if new.parameter(was) or (now and old.parameter(now))
        ]
        assert [shift.position for shift in shifts(old, new, call)] == moved


def holder(arguments: dict[str, Any], index: int) -> str | None:
    """The named parameter that took a positional argument."""
    return next((name for name, value in arguments.items() if value == index and value is not True), None)


# Each kind of change that a release can make to one parameter, or to what takes all others.
KINDS: dict[str, Callable[[Parameter], Parameter]] = {
    "keyword-only": lambda each: each._replace(kind=Passing.KEYWORD),
    "positional-only": lambda each: each._replace(kind=Passing.POSITIONAL),
    "both ways": lambda each: each._replace(kind=Passing.EITHER),
    "renamed": lambda each: each._replace(name="renamed"),
    "default gained": lambda each: each._replace(default=each.default or "1"),
    "default lost": lambda each: each._replace(default=None),
}
WHOLE = ("removed", "added", "order", "args", "kwargs")


def after(signature: Signature, kind: str, at: int) -> Signature:
    """The signature after one change of a kind to its parameter at an index."""
    parameters = list(signature.parameters)
    match kind:
        case "removed":
            del parameters[at]
        case "added":
            parameters.insert(at, Parameter("added", parameters[at].kind, None))
        case "order":
            parameters[at - 1], parameters[at] = parameters[at], parameters[at - 1]
        case "args" | "kwargs":
            pass
        case _:
            parameters[at] = KINDS[kind](parameters[at])
    return Signature(
        legal(parameters), signature.takes_args ^ (kind == "args"), signature.takes_kwargs ^ (kind == "kwargs")
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*KINDS, *WHOLE])
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_each_kind_of_change(kind: str, data: st.DataObject) -> None:
    old = data.draw(signatures().filter(lambda each: each.parameters))
    call = data.draw(calls_of(old))
    if bound(old, call) is None:
        return
    new = after(old, kind, data.draw(st.integers(0, len(old.parameters) - 1)))
    assert (misfits(new, call) == []) == accepted(new, call)


BREAKING = [
    ("removed", "(a, b=1)", 1, Call(2), [Misfit(Fault.ARITY, "2")]),
    ("removed", "(a, b=1)", 1, Call(1, ("b",)), [Misfit(Fault.KEYWORD, "b")]),
    ("added", "(a, *, b=1)", 0, Call(1), [Misfit(Fault.REQUIRED, "a")]),
    ("renamed", "(a, b=1)", 1, Call(1, ("b",)), [Misfit(Fault.KEYWORD, "b")]),
    ("keyword-only", "(a, b)", 1, Call(2), [Misfit(Fault.ARITY, "2"), Misfit(Fault.REQUIRED, "b")]),
    ("positional-only", "(a, b=1)", 0, Call(0, ("a",)), [Misfit(Fault.KEYWORD, "a"), Misfit(Fault.REQUIRED, "a")]),
    ("default lost", "(a, b=1)", 1, Call(1), [Misfit(Fault.REQUIRED, "b")]),
    ("default gained", "(a, b)", 1, Call(2), []),
    ("args", "(a, *args)", 0, Call(2), [Misfit(Fault.ARITY, "2")]),
    ("kwargs", "(a, **kwargs)", 0, Call(1, ("b",)), [Misfit(Fault.KEYWORD, "b")]),
    ("both ways", "(a, *, b)", 1, Call(1, ("b",)), []),
]


@pytest.mark.parametrize(("kind", "text", "at", "call", "found"), BREAKING)
def test_what_each_kind_of_change_breaks(kind: str, text: str, at: int, call: Call, found: list[Misfit]) -> None:
    old = read(text)
    assert misfits(old, call) == []
    assert misfits(after(old, kind, at), call) == found


def test_a_change_of_the_order_breaks_no_call_and_moves_its_arguments() -> None:
    old = read("(a, b)")
    new = after(old, "order", 1)
    assert (misfits(new, Call(2)), shifts(old, new, Call(2))) == ([], [Shift(0, "a", "b"), Shift(1, "b", "a")])


CASES = [
    ("(a, b=1)", Call(3), [Misfit(Fault.ARITY, "3")]),
    ("(a, b=1)", Call(1, ("c",)), [Misfit(Fault.KEYWORD, "c")]),
    ("(a, b=1)", Call(1, (), ("c",)), [Misfit(Fault.KEYWORD, "c")]),
    ("(a, b=1)", Call(1, ("a",)), [Misfit(Fault.KEYWORD, "a")]),
    ("(a, /, b=1)", Call(0, ("a",)), [Misfit(Fault.KEYWORD, "a"), Misfit(Fault.REQUIRED, "a")]),
    ("(a, /, **kwargs)", Call(1, ("a",)), []),
    ("(a, b)", Call(1), [Misfit(Fault.REQUIRED, "b")]),
    ("(a, b)", Call(1, (), ("b",)), []),
    ("(a, *, b)", Call(1, more_positional=True), [Misfit(Fault.REQUIRED, "b")]),
    ("(a, *, b)", Call(1, more_keywords=True), []),
    ("(a, b)", Call(0, more_positional=True), []),
    ("(a, /)", Call(0, more_keywords=True), [Misfit(Fault.REQUIRED, "a")]),
    ("(*args, **kwargs)", Call(9, ("x",)), []),
]


@pytest.mark.parametrize(("text", "call", "found"), CASES)
def test_misfits(text: str, call: Call, found: list[Misfit]) -> None:
    assert misfits(read(text), call) == found


SHIFTS = [
    # An argument is removed from the middle of a positional list.
    ("(probs, uniform, top_k)", "(probs, top_k)", Call(2), [Shift(1, "uniform", "top_k")]),
    # A parameter is put before others.
    ("(a, b, c=None)", "(a, group=None, b=None, c=None)", Call(3), [Shift(1, "b", "group"), Shift(2, "c", "b")]),
    # One that got another name, alone.
    ("(a, b)", "(a, beta)", Call(2), []),
    ("(a, b)", "(b, a)", Call(2), [Shift(0, "a", "b"), Shift(1, "b", "a")]),
    # A new one behind those that are given.
    ("(a, b)", "(a, b, c=1)", Call(2), []),
    ("(a, b)", "(a, *args, b=None)", Call(2), [Shift(1, "b", "*args")]),
]


@pytest.mark.parametrize(("old", "new", "call", "found"), SHIFTS)
def test_shifts(old: str, new: str, call: Call, found: list[Shift]) -> None:
    assert shifts(read(old), read(new), call) == found


def test_a_default_counts_where_the_call_leaves_it() -> None:
    old, new = read("(a, b=1, c=None)"), read("(a, b=2, c=None)")
    (changed,) = changed_defaults(old, new, Call(1))
    assert (changed[0].default, changed[1].default) == ("1", "2")
    for call in (Call(2), Call(1, ("b",)), Call(1, (), ("b",)), Call(1, more_keywords=True)):
        assert changed_defaults(old, new, call) == []
