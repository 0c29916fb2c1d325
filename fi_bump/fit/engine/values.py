"""What is known of a value without running anything: enough to follow a package's functions and objects.

These are dataclasses, not tuples: they share sets, in which two tuples of equal contents would be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from fi_bump.fit.engine.uses import Reference
from fi_bump.fit.signature import Call


@dataclass(frozen=True)
class Unknown:
    """Anything else."""


@dataclass(frozen=True)
class Pointer:
    """The thing itself, or something of a thing that may be missing.

    The code goes on without the `optional` thing wherever it is used. It may have failed to import the `attempted` one,
    and goes on where it tests for it.
    """

    reference: Reference
    optional: Reference | None = None
    attempted: Reference | None = None
    is_guess: bool = False


@dataclass(frozen=True)
class Applied:
    """A callable with some arguments given: `functools.partial`, or a function of the repository that passes on."""

    pointer: Pointer
    call: Call


@dataclass(frozen=True)
class Collected:
    """A list or a mapping of things of the package."""

    pointer: Pointer


@dataclass(frozen=True)
class Mapped:
    """A dict with text keys, for `**`: those that it has, those that it may have, and whether it can have others."""

    names: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    is_open: bool = False

    def having(self, name: str | None) -> Mapped:
        """The same dict after a value is put in, under a key that may not be known."""
        if name is None:
            return replace(self, is_open=True)
        return Mapped(self.names | {name}, self.maybe - {name}, self.is_open)

    def without(self, name: str) -> Mapped:
        """The same dict after a key is taken out."""
        return Mapped(self.names - {name}, self.maybe - {name}, self.is_open)

    def joined(self, other: Mapped) -> Mapped:
        """The same dict after another one's items are put in."""
        names = self.names | other.names
        return Mapped(names, (self.maybe | other.maybe) - names, self.is_open or other.is_open)


@dataclass(frozen=True)
class Sequenced:
    """A list or tuple, for `*`: how many it holds at least and, where `is_open` is false, exactly."""

    least: int
    is_open: bool = False

    def joined(self, other: Sequenced) -> Sequenced:
        """The same list with another one behind it."""
        return Sequenced(self.least + other.least, self.is_open or other.is_open)


@dataclass(frozen=True)
class Said:
    """A text that is written out."""

    text: str


@dataclass(frozen=True)
class Released:
    """The package's version."""


@dataclass(frozen=True)
class Tested:
    """Whether the package's version compares so."""

    operator: str
    version: str


@dataclass(frozen=True)
class Taken:
    """The parameters of a callable: `inspect.signature(f).parameters`."""

    reference: Reference


@dataclass(frozen=True)
class Supported:
    """Whether a callable takes a keyword, as some function of the repository told."""

    reference: Reference
    keyword: str


@dataclass(frozen=True)
class Imported:
    """Whether an import that may fail brought all of these things."""

    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Routine:
    """A function of the repository, by the number that its reader gave it."""

    number: int


@dataclass(frozen=True)
class Self:
    """An object of a class of the repository, by the number that its reader gave it."""

    number: int


# Of the package, of the repository, and what decides about calls.
Followed: TypeAlias = Pointer | Applied | Collected | Routine | Self
Deciding: TypeAlias = Released | Tested | Taken | Supported | Imported
Value: TypeAlias = Unknown | Followed | Deciding | Mapped | Sequenced | Said
Values: TypeAlias = frozenset[Value]

NOTHING_KNOWN: Values = frozenset([Unknown()])


def pointers(values: Iterable[Value]) -> list[Pointer]:
    """The things of the package among the values, in a fixed order."""
    return sorted((each for each in values if isinstance(each, Pointer)), key=lambda each: each.reference)


def mapped(values: Values) -> Mapped:
    """What a `**` of these values gives on whatever path."""
    known = [each for each in values if isinstance(each, Mapped)]
    if not known:
        return Mapped(is_open=True)
    always = frozenset.intersection(*(each.names for each in known))
    ever = frozenset().union(*(each.names | each.maybe for each in known))
    return Mapped(always, ever - always, len(known) < len(values) or any(each.is_open for each in known))


def counted(values: Values) -> Sequenced:
    """What a `*` of these values gives on whatever path."""
    known = [each for each in values if isinstance(each, Sequenced)]
    if not known:
        return Sequenced(0, True)
    least = min(each.least for each in known)
    same = len({each.least for each in known}) == 1 and len(known) == len(values)
    return Sequenced(least, not same or any(each.is_open for each in known))
