"""Bind a call to a signature, as Python does it, with neither at hand: both are only read.

The rules are those of the language reference, section "Calls". `inspect.signature(f).bind` is the oracle of the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple


class Passing(Enum):
    """How a parameter may be given."""

    POSITIONAL = "positional-only"
    EITHER = "positional or keyword"
    KEYWORD = "keyword-only"


class Parameter(NamedTuple):
    """A named parameter; `default` is the text of its default, None where it must be given."""

    name: str
    kind: Passing = Passing.EITHER
    default: str | None = None


class Signature(NamedTuple):
    """What a callable takes: named parameters in their order, and whether it takes any others."""

    parameters: tuple[Parameter, ...]
    takes_args: bool = False
    takes_kwargs: bool = False

    @property
    def positional(self) -> tuple[Parameter, ...]:
        """The parameters that a positional argument can fill, in order."""
        return tuple(each for each in self.parameters if each.kind is not Passing.KEYWORD)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return next((each for each in self.parameters if each.name == name), None)

    def __str__(self) -> str:
        """The signature as it is written in source, without a name."""
        return f"({', '.join(self._pieces())})"

    def _pieces(self) -> Iterator[str]:
        before = None
        for each in self.parameters:
            if before is Passing.POSITIONAL and each.kind is not Passing.POSITIONAL:
                yield "/"
            if each.kind is Passing.KEYWORD and before is not Passing.KEYWORD:
                yield "*args" if self.takes_args else "*"
            default = "" if each.default is None else f"={each.default}"
            yield each.name + default
            before = each.kind
        if before is Passing.POSITIONAL:
            yield "/"
        if self.takes_args and before is not Passing.KEYWORD:
            yield "*args"
        if self.takes_kwargs:
            yield "**kwargs"


class Call(NamedTuple):
    """What a call gives: positional arguments by number, keywords by name.

    `maybe` are keywords that are given on some paths only. `more_positional` and `more_keywords` say that there can be
    others: a `*sequence` or a `**mapping` whose contents are not known.
    """

    positional: int = 0
    keywords: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    more_positional: bool = False
    more_keywords: bool = False


class Fault(Enum):
    """The ways in which a call does not bind."""

    ARITY = "arity"
    KEYWORD = "keyword"
    REQUIRED = "required"


class Misfit(NamedTuple):
    """One reason why a call does not bind; `name` is the parameter, or the number of arguments for ARITY."""

    fault: Fault
    name: str


def misfits(signature: Signature, call: Call) -> list[Misfit]:
    """Every reason why the call does not bind, or nothing: what is not known of the call is given the benefit."""
    found = []
    slots = signature.positional
    if call.positional > len(slots) and not signature.takes_args:
        found.append(Misfit(Fault.ARITY, str(call.positional)))
    filled = {each.name for each in slots[: call.positional]}
    by_keyword = {each.name for each in signature.parameters if each.kind is not Passing.POSITIONAL}
    for name in dict.fromkeys((*call.keywords, *call.maybe)):
        unknown = name not in by_keyword and not signature.takes_kwargs
        if unknown or (name in filled and name in by_keyword):
            found.append(Misfit(Fault.KEYWORD, name))
    given = filled | ({*call.keywords, *call.maybe} & by_keyword)
    for each in signature.parameters:
        if each.default is not None or each.name in given:
            continue
        in_args = call.more_positional and each.kind is not Passing.KEYWORD
        in_kwargs = call.more_keywords and each.kind is not Passing.POSITIONAL
        if not in_args and not in_kwargs:
            found.append(Misfit(Fault.REQUIRED, each.name))
    return found


class Shift(NamedTuple):
    """A positional argument (counted from 0) that another parameter takes now."""

    position: int
    old: str
    new: str


def shifts(old: Signature, new: Signature, call: Call) -> list[Shift]:
    """The positional arguments that change their meaning while the call still binds.

    A parameter that only got another name is no shift: neither name is known on the other side.
    """
    before, after = old.positional, new.positional
    names_before = {each.name for each in old.parameters}
    names_after = {each.name for each in new.parameters}
    found = []
    for index in range(min(call.positional, len(before))):
        was = before[index].name
        now = after[index].name if index < len(after) else "*args"
        if was != now and (was in names_after or now in names_before):
            found.append(Shift(index, was, now))
    return found


def changed_defaults(old: Signature, new: Signature, call: Call) -> list[tuple[Parameter, Parameter]]:
    """The parameters that the call leaves to a default which is another one now."""
    if call.more_keywords or call.more_positional:
        return []
    given = {each.name for each in old.positional[: call.positional]} | {*call.keywords, *call.maybe}
    found = []
    for was in old.parameters:
        now = new.parameter(was.name)
        if now is None or was.name in given or was.default is None or now.default is None:
            continue
        if was.default != now.default:
            found.append((was, now))
    return found
