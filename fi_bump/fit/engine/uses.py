"""One use of a package in a repository: what it names, how it calls it, and what protects it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

from fi_bump.fit.signature import Call
from fi_bump.pins import Place

# A step from a callable to what it returns, among the names of a path.
RESULT = "()"


class Reference(NamedTuple):
    """A thing of the package: a module, and names from there on. `RESULT` stands for what a call returns."""

    module: str
    path: tuple[str, ...] = ()

    @property
    def result(self) -> Reference:
        """What calling it returns."""
        return self._replace(path=(*self.path, RESULT))

    def attribute(self, name: str) -> Reference:
        """An attribute of it."""
        return self._replace(path=(*self.path, name))

    @property
    def shown(self) -> str:
        """The dotted name that a reader knows: `kit.Wrapper.plan` for a method of an object too."""
        return ".".join((self.module, *(each for each in self.path if each != RESULT)))


class Protection(Enum):
    """What an except clause, or a part that only type checkers read, protects a use from."""

    ABSENCE = "absence"
    CALL = "call"


class Caught(NamedTuple):
    """The use lies in a `try` whose handlers go on without it."""

    protects: frozenset[Protection]


class VersionTest(NamedTuple):
    """The use runs only where the package's version compares so: `operator` is `<`, `>=`, …."""

    operator: str
    version: str
    holds: bool = True


class Presence(NamedTuple):
    """The use runs only where the package has a thing, or has it not."""

    reference: Reference
    holds: bool = True


class Acceptance(NamedTuple):
    """The use runs only where a callable takes a keyword, or takes it not."""

    reference: Reference
    keyword: str
    holds: bool = True


class OtherTest(NamedTuple):
    """The use runs only where some other test of the package says so."""


Guard: TypeAlias = Caught | VersionTest | Presence | Acceptance | OtherTest


class PrivateCall(NamedTuple):
    """A call of a compiled function through a private attribute: `wrapper._cached_module.plan(…)`."""

    place: Place
    attribute: str
    name: str
    call: Call


class UseKind(Enum):
    """What a use does."""

    IMPORT = "imports"
    NAME = "names"
    CALL = "calls"
    LOOKUP = "asks for"


class Use(NamedTuple):
    """A use at one place. Of several `references` one is meant, which one is known only at run time.

    `is_guess` says that the object is known by its attribute's name alone. `optional` are the dotted names of things
    that the code goes on without: it asked for them by name, or has something else to take their place.
    """

    place: Place
    kind: UseKind
    references: tuple[Reference, ...]
    call: Call | None = None
    guards: tuple[Guard, ...] = ()
    is_guess: bool = False
    optional: tuple[str, ...] = ()
