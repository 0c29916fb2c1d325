"""One release of a package as the judgement sees it: what a use meets there."""

from __future__ import annotations

from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from fi_bump.fit.engine.uses import (
    RESULT,
    Acceptance,
    Caught,
    Guard,
    OtherTest,
    Presence,
    Protection,
    Reference,
    Use,
    VersionTest,
)
from fi_bump.fit.model import Defined
from fi_bump.fit.packages import NativeApi
from fi_bump.fit.signature import Misfit, Signature, misfits
from fi_bump.fit.wheel.callables import CallShape, shape_of
from fi_bump.fit.wheel.kept_checks import Memory
from fi_bump.fit.wheel.library import Library, Lookup, Thing, ThingKind
from fi_bump.fit.wheel.preconditions import Preconditions


class Met(NamedTuple):
    """What a use meets in a release.

    `absent` is the first name that is not there, `misfits` why the call does not bind. `thing` and `shape` are what it
    calls, where that is known.
    """

    absent: str | None = None
    misfits: tuple[Misfit, ...] = ()
    thing: Thing | None = None
    shape: CallShape | None = None

    @property
    def is_broken(self) -> bool:
        """Whether the use fails when it runs."""
        return self.absent is not None or bool(self.misfits)


class ReleaseSide:
    """A release with the label `kit 1.2`.

    `stored` are attributes that the repository gives to objects: they can be there though the release has none.
    `memory` keeps what is worked out from the wheel.
    """

    def __init__(
        self,
        package: str,
        version: str,
        library: Library,
        stored: frozenset[str] = frozenset(),
        memory: Memory | None = None,
    ) -> None:
        self._stored = stored
        self._memory = memory
        self._checks: dict[NativeApi | None, Preconditions] = {}
        self.package = package
        self.version = version
        self.library = library
        self._resolved: dict[Reference, tuple[Lookup, bool, str]] = {}
        self._shapes: dict[tuple[int, bool], CallShape | None] = {}

    @property
    def label(self) -> str:
        """`kit 1.2`."""
        return f"{self.package} {self.version}"

    def checks(self, native: NativeApi | None) -> Preconditions:
        """The checks of its functions."""
        if native not in self._checks:
            self._checks[native] = Preconditions(self.library, native, self._memory)
        return self._checks[native]

    def keep(self) -> None:
        """Keep what was worked out for later runs."""
        for each in self._checks.values():
            each.keep()

    def meet(self, use: Use) -> Met | None:
        """What a use meets; None where it does not run with this release, by its own tests."""
        if not all(self._passes(guard) for guard in use.guards):
            return None
        met = [self._meet(reference, use) for reference in use.references]
        fine = next((each for each in met if not each.is_broken), None)
        # One of several names is meant, by a test that is not understood: the one that is there.
        return fine or next((each for each in met if each.absent is None), met[0])

    def resolve(self, reference: Reference) -> tuple[Lookup, bool, str]:
        """What a reference leads to, whether through an object, and how far its name was found."""
        if reference not in self._resolved:
            self._resolved[reference] = self._resolve(reference)
        return self._resolved[reference]

    def shape(self, thing: Thing, *, bound: bool) -> CallShape | None:
        """How a thing is called."""
        key = (id(thing.node), bound)
        if key not in self._shapes:
            self._shapes[key] = shape_of(self.library, thing, bound=bound)
        return self._shapes[key]

    def defined(self, thing: Thing, name: str, shape: CallShape | None = None) -> Defined | None:
        """Where a thing is defined; None for what has no source."""
        path = self.library.path(thing.home)
        if path is None:
            return None
        shape = shape or self.shape(thing, bound=thing.owner is not None)
        owner = f"{thing.owner.name}." if thing.owner is not None else ""
        text = f"{owner}{name}{shape.signature if shape else ''}"
        return Defined(self.label, path, getattr(thing.node, "lineno", 1), text)

    def _passes(self, guard: Guard) -> bool:
        match guard:
            case VersionTest(operator, version, holds):
                compared = compare(self.version, operator, version)
                return compared is None or compared is holds
            case Presence(reference, holds):
                answer = self.resolve(reference)[0]
                return answer.is_open or answer.is_missing is not holds
            case Acceptance(reference, keyword, holds):
                answer, bound, _ = self.resolve(reference)
                shapes = [self.shape(thing, bound=bound) for thing in answer.things]
                known = [each.signature for each in shapes if each is not None]
                return not known or any(_accepts(each, keyword) is holds for each in known)
            case Caught() | OtherTest():
                return True

    def _meet(self, reference: Reference, use: Use) -> Met:
        answer, bound, found = self.resolve(reference)
        if answer.is_missing:
            return Met(absent=found)
        if use.call is None or answer.is_open:
            return Met(thing=answer.things[0] if answer.things else None)
        met = []
        for thing in answer.things:
            shape = self.shape(thing, bound=bound)
            wrong = () if shape is None else tuple(misfits(shape.signature, use.call))
            met.append(Met(None, wrong, thing, shape))
        return next((each for each in met if not each.misfits), met[0])

    def _resolve(self, reference: Reference) -> tuple[Lookup, bool, str]:
        answer = self.library.find(reference.module)
        name = reference.module
        bound = False
        if answer.is_missing:
            return answer, False, name
        for step in reference.path:
            if not answer.things:
                return Lookup((), True), False, name
            if step == RESULT:
                if bound or not all(thing.kind is ThingKind.CLASS for thing in answer.things):
                    return Lookup((), True), False, name
                bound = True
                continue
            name = f"{name}.{step}"
            parts = [self._step(thing, step) for thing in answer.things]
            things = tuple(thing for part in parts for thing in part.things)
            answer = Lookup(things, any(part.is_open for part in parts) or (bound and step in self._stored))
            if answer.is_missing:
                return answer, bound, name
            if bound and step != reference.path[-1]:
                # An attribute of an object, and what it holds: known only where it is a class of its own.
                return Lookup((), True), False, name
        if reference.path[-1:] == (RESULT,):
            return Lookup((), True), False, name
        return answer, bound, name

    def _step(self, thing: Thing, name: str) -> Lookup:
        if thing.kind is ThingKind.CLASS:
            return self.library.member(thing, name)
        if thing.kind is ThingKind.MODULE:
            return self.library.find(thing.home, (name,))
        return Lookup((), True)


def _accepts(signature: Signature, keyword: str) -> bool:
    """What `keyword in inspect.signature(f).parameters` says."""
    return signature.parameter(keyword) is not None


def is_guarded(use: Use, against: Protection, absent: str | None = None) -> bool:
    """Whether the code goes on where the use fails so, or a test that is not understood decides about it.

    `absent` is the dotted name that the release does not have.
    """
    if any(
        isinstance(each, OtherTest) or (isinstance(each, Caught) and against in each.protects) for each in use.guards
    ):
        return True
    return absent is not None and any(f"{name}.".startswith(f"{absent}.") for name in use.optional)


def compare(left: str, operator: str, right: str) -> bool | None:
    """Compare two versions; None where one of them cannot be read."""
    try:
        a, b = Version(left), Version(right)
    except InvalidVersion:
        return None
    match operator:
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case ">=":
            return a >= b
        case "==":
            return a == b
        case "!=":
            return a != b
    return None
